// server/: the Date field, made anew once a second.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace muster::server {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110, section 5.6.7), without the locale.
[[nodiscard]] std::string http_date(std::time_t seconds);

/// One a loop; its thread only.
class date_cache {
  public:
    /// Holds until the next call.
    [[nodiscard]] std::string_view now();

  private:
    std::time_t second_ = -1;
    std::string text_;
};

} // namespace muster::server
