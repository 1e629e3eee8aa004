// server/: through which listener a connection came; what it may ask depends on it.
#pragma once

#include <cstdint>
#include <string>

namespace muster::server {

class admin_token;

struct door {
    enum class kind : std::uint8_t { public_, admin };

    kind which = kind::public_;
    bool loopback = true;               ///< only this machine reaches it
    std::string address;                ///< as it was bound: "127.0.0.1:8080"
    const admin_token* token = nullptr; ///< what its debug routes ask for, outliving it; none: nothing
};

} // namespace muster::server
