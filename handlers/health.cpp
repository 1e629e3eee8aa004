// handlers/: GET /livez and /readyz.
#include "handlers/health.hpp"

namespace muster::handlers {

response to_response(const verdict& verdict) {
    return verdict.ok ? text(200, "ok\n") : text(503, verdict.text + "\n");
}

concurrency::task<response> livez::operator()(const request& /*request*/) const {
    co_return to_response(health_.live());
}

concurrency::task<response> readyz::operator()(const request& /*request*/) const {
    co_return to_response(health_.ready());
}

} // namespace muster::handlers
