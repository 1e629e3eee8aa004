// handlers/: the router's refusals as answers.
#include "handlers/refusal.hpp"

#include "handlers/problem.hpp"

#include <stdexcept>

namespace muster::handlers {

response refusal(const resolution& resolved, std::string_view request_id) {
    using outcome = resolution::outcome;
    switch (resolved.kind) {
    case outcome::options:
        return options_answer(resolved.allow);
    case outcome::bad_target:
        return to_response({.status = 400, .detail = "the path is not percent-encoded as it should be"}, request_id);
    case outcome::not_found:
        return to_response({.status = 404, .detail = "there is nothing at this path"}, request_id);
    case outcome::method_not_allowed: {
        auto made = to_response({.status = 405, .detail = "this path allows: " + resolved.allow}, request_id);
        made.headers.add("Allow", resolved.allow);
        return made;
    }
    case outcome::match:
        break;
    }
    throw std::logic_error("a match is answered by its handler");
}

response options_answer(std::string_view allow) {
    response made;
    made.status = 204;
    made.headers.add("Allow", allow);
    return made;
}

} // namespace muster::handlers
