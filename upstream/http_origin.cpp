// upstream/: see http_origin.hpp.
#include "upstream/http_origin.hpp"

namespace muster::upstream {

std::string host_field(const http_origin& origin) {
    constexpr std::uint16_t default_port = 80;
    if (!origin.unix_path.empty())
        return "localhost"; // it has no name, and an empty Host is refused by many
    auto field = origin.host.contains(':') ? '[' + origin.host + ']' : origin.host;
    if (origin.port != default_port)
        field += ':' + std::to_string(origin.port);
    return field;
}

} // namespace muster::upstream
