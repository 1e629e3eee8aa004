// tests/conformance: puts a vector through a session in this process: a socket pair, virtual time, muster's own routes.
#pragma once

#include "server/session.hpp"
#include "tests/conformance/vectors.hpp"
#include "tests/handlers/fake_process.hpp"
#include "tests/server/served.hpp"
#include "tests/support/fake_sources.hpp"
#include "upstream/repositories.hpp"

#include <chrono>
#include <string>

namespace muster::tests::conformance {

struct seen;

/// The users 1 to 100 are there, all alike; nobody else.
class hundred_users final : public upstream::users_repository {
  public:
    [[nodiscard]] concurrency::task<std::optional<upstream::user>> find(upstream::user_id id) const override;
};

class runner {
  public:
    enum class pieces : std::uint8_t {
        one, ///< what stands between two waits goes in one piece (of 32 KiB at most)
        /// a byte at a time; of a long stream its first 4 KiB and its last 256 bytes, and what lies between in pieces
        /// of 997
        single_bytes
    };

    runner();

    /// Empty when it passes, else what was expected and what came.
    [[nodiscard]] std::string run(const vector& v, pieces how);

  private:
    void send(const vector& v, pieces how, seen& what);
    void hear(seen& what);
    void wait_for(int status, const vector& v, seen& what);
    [[nodiscard]] bool pass_to_next(std::chrono::milliseconds limit, seen& what);
    [[nodiscard]] bool expects_probe(const vector& v, const seen& what) const;
    [[nodiscard]] std::chrono::milliseconds now(const seen& what);

    hundred_users users_;
    fake_profiles profiles_;
    fake_posts posts_;
    fake_health health_;
    fake_roll roll_;
    served server_;
    std::chrono::milliseconds began_{};
};

} // namespace muster::tests::conformance
