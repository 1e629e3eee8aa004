// bench/fanout: the services' documents as muster's models, with what muster checks of them (upstream/'s repositories
// over HTTP), for the raw contestant that is compared with it.
#pragma once

#include "upstream/models.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace muster::bench {

/// The document is none, or not of the right kind.
class bad_body : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// One parser (simdjson's DOM), used again and again. Bodies have simdjson's padding behind them.
class body_reader {
  public:
    body_reader();
    body_reader(const body_reader&) = delete;
    body_reader& operator=(const body_reader&) = delete;
    ~body_reader();

    /// Fields that are not known are passed over. Throws bad_body: no JSON, not UTF-8, a field that is missing or of
    /// another type, a time that is none, another id than the one asked for.
    [[nodiscard]] upstream::user user(std::string_view body, std::int64_t id);
    [[nodiscard]] upstream::profile profile(std::string_view body, std::int64_t id);

  private:
    struct parts;

    std::unique_ptr<parts> parts_;
};

} // namespace muster::bench
