// handlers/: see preconditions.hpp.
#include "handlers/preconditions.hpp"

#include "handlers/problem.hpp"
#include "syntax/ascii.hpp"

#include <utility>

namespace muster::handlers {

response conditional(response made, const request& request) {
    if ((request.method() != method::get && request.method() != method::head) || made.status / 100 != 2)
        return made;
    bool other_tag = false;
    bool nothing = false;
    request.headers().for_each([&](std::string_view name, std::string_view value) {
        if (syntax::equal_ignoring_case(name, "if-match"))
            other_tag = other_tag || value != "*";
        else if (syntax::equal_ignoring_case(name, "if-none-match"))
            nothing = nothing || value == "*";
    });
    if (other_tag)
        return to_response({.status = 412, .detail = "If-Match names a tag, but nothing here has one"}, request.id());
    if (nothing) {
        made.status = 304;
        made.body.clear();
    }
    return made;
}

} // namespace muster::handlers
