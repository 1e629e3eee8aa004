// server/: request records on their way from one loop to the reporter: a ring of bytes, so that its memory is known,
// and nothing that a loop allocated is freed by another thread.
#pragma once

#include "server/doorbell.hpp"
#include "server/request_record.hpp"

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace muster::server {

class record_queue final : public request_log {
  public:
    /// Room for about 8,000 records of usual length.
    static constexpr std::size_t bytes = 1'048'576;

    /// `bell` is rung for each record.
    explicit record_queue(std::shared_ptr<doorbell> bell, std::size_t capacity = bytes);

    /// Wait-free. Texts are cut as access_line.hpp says.
    void add(request_record&& record) noexcept override;

    /// The oldest record, into `record`; false: there is none. One thread at a time.
    bool take(request_record& record);

    [[nodiscard]] std::uint64_t waiting() const noexcept {
        const auto taken = taken_.load(); // first: it never overtakes
        return added_.load() - taken;
    }

    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }

  private:
    std::shared_ptr<doorbell> bell_;
    boost::lockfree::spsc_queue<char> ring_;
    std::atomic<std::uint64_t> taken_{0};
    std::atomic<std::uint64_t> added_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

} // namespace muster::server
