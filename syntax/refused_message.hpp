// syntax/: why a message is refused before anybody looks at what it asks.
#pragma once

#include <string>

namespace muster::syntax {

/// 400, 408, 413, 414, 417, 431, 501 or 505 (RFC 9110, sections 15.5 and 15.6), and one sentence for whoever sent it.
struct refused_message {
    int status = 400;
    std::string detail;
};

} // namespace muster::syntax
