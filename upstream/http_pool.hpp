// upstream/: the connections to one source. Each loop keeps its own, so that none is handed from thread to thread; how
// many there are is counted for the whole process.
#pragma once

#include "concurrency/deadline_queue.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/task.hpp"
#include "upstream/address_book.hpp"
#include "upstream/body_buffers.hpp"
#include "upstream/http_settings.hpp"
#include "upstream/http_socket.hpp"
#include "upstream/name_lookup.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::upstream {

class http_lane;
class http_pool;

/// One connection in use. Unless keep() took it back it is reset at its end: nobody knows what is still under way on
/// it.
class http_lease {
  public:
    http_lease(http_lane& lane, http_socket socket, bool reused) noexcept
        : lane_(&lane),
          socket_(std::move(socket)),
          reused_(reused) {}

    http_lease(http_lease&& other) noexcept
        : lane_(std::exchange(other.lane_, nullptr)),
          socket_(std::move(other.socket_)),
          reused_(other.reused_) {}

    http_lease& operator=(http_lease&&) = delete;
    ~http_lease();

    [[nodiscard]] http_socket& socket() noexcept { return socket_; }

    /// It has carried an exchange before.
    [[nodiscard]] bool reused() const noexcept { return reused_; }

    /// Its exchange is over, and nothing is left on it. `hint`: when the other side will close it without work.
    void keep(std::optional<std::chrono::seconds> hint) noexcept;

    /// The other side has ended it in order, or will: no reset is needed.
    void close() noexcept;

  private:
    http_lane* lane_; // nullptr: it is not ours any more
    http_socket socket_;
    bool reused_;
};

/// A loop's connections, and what its exchanges share. The loop's thread only, but for what says otherwise.
class http_lane final : concurrency::timer_entry {
  public:
    static constexpr std::size_t piece = 16 * 1024;

    http_lane(http_pool& pool, concurrency::loop& home);
    http_lane(const http_lane&) = delete;
    http_lane& operator=(const http_lane&) = delete;
    ~http_lane() override; ///< on any thread, once the loop has ended

    /// The one used last, if it is still open and silent; nothing if there is none.
    [[nodiscard]] std::optional<http_lease> take_idle() noexcept;

    /// A new one, bounded by the caller's scope and the source's limit for connecting, in
    /// which the name has to be found, too. Throws source_failed:
    /// unresolved, unreachable or connect_timeout, of that `attempt`.
    [[nodiscard]] concurrency::task<http_lease> open(unsigned attempt);

    /// Emptied, for the text of a request that is sent before the next await.
    [[nodiscard]] std::string& text() noexcept {
        text_.clear();
        return text_;
    }

    /// For bytes that are looked at before the next await.
    [[nodiscard]] std::array<char, piece>& scratch() noexcept { return *scratch_; }

    [[nodiscard]] body_buffers& bodies() noexcept { return bodies_; }

    [[nodiscard]] address_book& book() noexcept { return book_; }

    [[nodiscard]] concurrency::loop& home() noexcept { return home_; }

    /// Closes the oldest one at rest, if there is one.
    bool close_oldest() noexcept;

    /// From every thread: one of those at rest is to be closed, and nobody else shall count on its place; false if
    /// there is none that nobody counts on. close_claimed() on the loop's thread does it.
    [[nodiscard]] bool claim() noexcept;
    void close_claimed() noexcept;

    void disclaim() noexcept { unclaimed_.fetch_add(1, std::memory_order_relaxed); }

  private:
    friend class http_lease;

    struct resting {
        http_socket socket;
        concurrency::time_point until;
    };

    void keep(http_socket socket, std::optional<std::chrono::seconds> hint) noexcept;
    void rest(http_socket socket, concurrency::time_point until);
    void drop_oldest() noexcept;
    void forget_gone() noexcept;
    void expire() noexcept override;
    void arm_until(concurrency::time_point due) noexcept;
    [[nodiscard]] concurrency::task<http_socket> connect(unsigned attempt);

    http_pool& pool_;
    concurrency::loop& home_;
    std::vector<resting> resting_; // oldest first, but those before first_ are gone
    std::size_t first_ = 0;
    std::atomic<std::ptrdiff_t> unclaimed_{0}; // at rest, without those that another loop has claimed
    std::string text_;
    std::unique_ptr<std::array<char, piece>> scratch_;
    body_buffers bodies_;
    address_book book_;
    concurrency::time_point armed_for_{};
};

/// Outlives the tasks that use it; destroyed before the loops, once they have ended.
class http_pool {
  public:
    /// Told once of each change for the worse or the better in what is known of the source's name; from any thread.
    using reporter = std::function<void(const std::string& what)>;

    /// Asks for the source's addresses at once, in the background. `ask`: see name_lookup.
    http_pool(const http_settings& settings, const std::vector<concurrency::loop*>& loops, reporter report,
              name_lookup::ask ask = ask_system);
    http_pool(const http_pool&) = delete;
    http_pool& operator=(const http_pool&) = delete;
    ~http_pool();

    [[nodiscard]] const http_settings& settings() const noexcept { return settings_; }

    [[nodiscard]] http_lane& of(const concurrency::loop& home) noexcept;

    /// A permit for each connection in use; who waits for one has the scope's time.
    [[nodiscard]] concurrency::semaphore& slots() noexcept { return slots_; }

    /// Open connections, at rest or not, of all loops. More than the limit until another loop, which was asked to close
    /// one at rest for each, has its next turn; or, if it needed that one itself meanwhile, until one comes to rest.
    [[nodiscard]] std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

    /// Of those, the ones without work.
    [[nodiscard]] std::size_t idle() const noexcept { return idle_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t free_slots() const noexcept { return static_cast<std::size_t>(slots_.available()); }

  private:
    friend class http_lane;
    friend class http_lease;

    void count_one_more() noexcept { open_.fetch_add(1, std::memory_order_relaxed); }

    /// Closes one at rest, the lane's own or another's.
    void make_room(http_lane& for_whom) noexcept;

    void count_one_less() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }

    void learn(const std::shared_ptr<const looked_up>& found);

    http_settings settings_;
    reporter report_;
    concurrency::semaphore slots_;
    std::atomic<std::size_t> open_{0};
    std::atomic<std::size_t> idle_{0};
    std::vector<http_endpoint> fixed_; // a Unix socket, or an address written out
    bool failing_ = false;             // of the lookup's thread
    bool ever_known_ = false;
    std::vector<std::unique_ptr<http_lane>> lanes_;
    std::unique_ptr<name_lookup> lookup_; // last: told no more before the lanes go
};

} // namespace muster::upstream
