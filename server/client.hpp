// server/: the other side of a connection: whether anybody still waits there. client_watch tells it, dispatch asks it
// and lets it cancel the work of a request.
#pragma once

#include "concurrency/cancel.hpp"

#include <cstdint>

namespace muster::server {

/// Lives in the session; its loop's thread only.
class client {
  public:
    enum class state : std::uint8_t {
        there,
        said_all, ///< it has ended its side right behind its last request, and waits for the answers
        gone,     ///< it has left: whatever it asked, it will not read the answer
    };

    [[nodiscard]] state now() const noexcept { return state_; }

    [[nodiscard]] bool is_gone() const noexcept { return state_ == state::gone; }

    /// Sticky: what was seen before a request counts for it.
    void has_said_all() noexcept {
        if (state_ == state::there) {
            state_ = state::said_all;
        }
    }

    /// Cancels the work that ends with its client, with client_gone.
    void has_gone() noexcept {
        if (state_ != state::gone) {
            state_ = state::gone;
            if (work_ != nullptr) {
                work_->cancel(concurrency::cancel_cause::client_gone);
            }
        }
    }

    /// While it lives, `work` ends when the client goes (at once, if it has gone). One at a time.
    class working {
      public:
        working(client& whose, concurrency::cancel_source& work) noexcept : whose_(whose) {
            whose_.work_ = &work;
            if (whose_.is_gone()) {
                work.cancel(concurrency::cancel_cause::client_gone);
            }
        }

        working(const working&) = delete;
        working& operator=(const working&) = delete;

        ~working() { whose_.work_ = nullptr; }

      private:
        client& whose_;
    };

  private:
    concurrency::cancel_source* work_ = nullptr;
    state state_ = state::there;
};

} // namespace muster::server
