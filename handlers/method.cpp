// handlers/: methods and their tokens.
#include "handlers/method.hpp"

#include <array>
#include <cstddef>

namespace muster::handlers {
namespace {

constexpr std::array<std::string_view, 7> tokens{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"};

} // namespace

method parse_method(std::string_view token) noexcept {
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (tokens[i] == token)
            return static_cast<method>(i);
    return method::other;
}

std::string_view to_string(method verb) noexcept {
    const auto index = static_cast<std::size_t>(verb);
    return index < tokens.size() ? tokens[index] : std::string_view{};
}

} // namespace muster::handlers
