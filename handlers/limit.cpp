// handlers/: reading "limit".
#include "handlers/limit.hpp"

#include <charconv>
#include <system_error>

namespace muster::handlers {

std::optional<int> limit_of(const request& request, int fallback, int greatest) {
    const auto text = request.query("limit");
    if (!text)
        return fallback;
    int value = 0;
    const auto* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc{} || stopped != end || value < 1 || value > greatest) // "-0" and "-1" are below 1
        return std::nullopt;
    return value;
}

std::string bad_limit(int greatest) {
    return "limit must be a number from 1 to " + std::to_string(greatest);
}

} // namespace muster::handlers
