// handlers/: reading Accept.
#include "handlers/accept.hpp"

#include "syntax/ascii.hpp"

#include <algorithm>
#include <string_view>

namespace muster::handlers {
namespace {

// Takes what stands before the first `separator` off the front, trimmed.
std::string_view take(std::string_view& text, char separator) noexcept {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = syntax::trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

// "q=0", "q=0.", "q=0.000"
bool weight_is_zero(std::string_view parameter) noexcept {
    return syntax::equal_ignoring_case(parameter.substr(0, 3), "q=0") &&
           parameter.substr(3).find_first_not_of(".0") == std::string_view::npos;
}

} // namespace

bool wants_json(const request& request) noexcept {
    bool json = false;
    bool text = false;
    request.headers().for_each([&](std::string_view name, std::string_view value) {
        if (!syntax::equal_ignoring_case(name, "accept"))
            return;
        while (!value.empty()) {
            auto range = take(value, ',');
            const auto type = take(range, ';');
            bool refused = false;
            while (!range.empty())
                refused = weight_is_zero(take(range, ';')) || refused;
            json = json || (!refused && syntax::equal_ignoring_case(type, "application/json"));
            text = text || (!refused && syntax::equal_ignoring_case(type.substr(0, 5), "text/"));
        }
    });
    return json && !text;
}

} // namespace muster::handlers
