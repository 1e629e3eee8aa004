// handlers/: the request, and the typed reading of its parameters.
#include "handlers/request.hpp"

#include "handlers/percent.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace muster::handlers {

std::optional<upstream::user_id> path_parameter<upstream::user_id>::parse(std::string_view text) noexcept {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > 19 || text.front() == '0' || !std::all_of(text.begin(), text.end(), digit))
        return std::nullopt;
    std::int64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
        return std::nullopt; // 19 digits beyond 2^63-1
    return upstream::user_id{value};
}

request::request(request_head head, path_parameters parameters)
    : head_(std::move(head)),
      parameters_(std::move(parameters)),
      method_(parse_method(head_.method)),
      target_(cut_target(head_.target)) {}

std::string request::path() const {
    std::string decoded;
    append_percent_decoded(decoded, raw_path());
    return decoded;
}

std::optional<std::string> request::query(std::string_view name) const {
    return query_value(raw_query(), name);
}

const std::string& request::path_segment(std::string_view name) const {
    const auto* segment = parameters_.find(name);
    if (!segment)
        throw std::logic_error("the route has no parameter {" + std::string(name) + "}");
    return *segment;
}

} // namespace muster::handlers
