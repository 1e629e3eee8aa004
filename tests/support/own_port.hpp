// tests/support: a port that no other test has, for those that must know it before somebody listens there.
#pragma once

#include <cstdint>

namespace muster::tests {

/// A TCP port that no other holder of an own_port has, in any process, for as long as this lives.
///
/// It lies below what the kernel gives to whoever asks for port 0 or connects (net.ipv4.ip_local_port_range): a port
/// that was free a moment ago is, in a full run of the tests, soon the port of somebody else's client. Who holds which
/// is told by names of abstract Unix sockets, which go with their process; tests/e2e/harness.py uses the same names.
/// Nothing listened there, over either family, when it was chosen.
class own_port {
  public:
    /// Throws std::runtime_error when none of many is free.
    own_port();
    own_port(const own_port&) = delete;
    own_port& operator=(const own_port&) = delete;
    ~own_port();

    [[nodiscard]] std::uint16_t number() const { return number_; }

  private:
    int claim_ = -1;
    std::uint16_t number_ = 0;
};

} // namespace muster::tests
