// bench/fanout: as much of HTTP/1.1 as the benchmark's own programs speak among themselves and with the contestants:
// GET without a body, answers with a Content-Length, connections that are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace muster::bench {

/// A peer said what is not spoken here.
class not_understood : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Views of the bytes that were given.
struct question {
    std::string_view target;
    std::size_t size = 0; ///< bytes of the whole
};

struct answer {
    int status = 0;
    std::string_view body;
    std::size_t size = 0; ///< bytes of the whole
};

/// The first message of `bytes`, or nothing while it is not whole. Throws not_understood.
[[nodiscard]] std::optional<question> first_question(std::string_view bytes);
[[nodiscard]] std::optional<answer> first_answer(std::string_view bytes);

/// A GET with the fields that a client of an API sends.
[[nodiscard]] std::string get_request(std::string_view target);

/// An answer with these fields and those that a server of an API sends; `date` is the value of Date.
[[nodiscard]] std::string json_answer(std::string_view date, std::string_view body);

/// Now, as RFC 9110 writes it.
[[nodiscard]] std::string http_date();

/// What a target asks for.
enum class resource : std::uint8_t { user, profile, posts, pair, page, other };

struct asked {
    resource what = resource::other;
    std::int64_t id = 0;
};

/// /api/users/7, /api/users/7/profile, /api/users/7/posts?limit=20, /bench/user/7, /user/7.
[[nodiscard]] asked read_target(std::string_view target) noexcept;

} // namespace muster::bench
