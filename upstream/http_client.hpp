// upstream/: questions to one source over HTTP/1.1: a place among its connections, an exchange on one of them, and what
// its answer's status means. Everything waits within the caller's scope.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "upstream/body_buffers.hpp"
#include "upstream/http_answer_parser.hpp"
#include "upstream/http_pool.hpp"
#include "upstream/http_request_text.hpp"
#include "upstream/http_settings.hpp"

#include <vector>

namespace muster::upstream {

/// A whole answer: 200 or 404.
struct http_answer {
    answer_head head;
    body_buffers::lent body; ///< given back to its loop: destroyed there
    unsigned attempts = 0;   ///< that it took
};

/// The rules: a connection is used again only when its exchange has ended as it should; one that was cut, or whose
/// answer was not as it should be, is reset. A question that went out on a used connection, of whose answer not one
/// byte came, is asked once more, on a new connection (RFC 9110, section 9.2.2; only GET is ever asked).
/// Outlives the tasks it hands out; to be destroyed before the loops, when they have ended.
class http_client {
  public:
    http_client(const http_settings& settings, const std::vector<concurrency::loop*>& loops,
                http_pool::reporter report = {}, name_lookup::ask ask = ask_system);

    /// GET. Throws source_overloaded (retry after 1 s) at once if too many wait for a connection, and for 429 and 503
    /// with their Retry-After between 1 s and 60 s; source_timed_out for 504; source_failed for every other status
    /// than 200 and 404, and for all that can go wrong with connection and answer; with the far side's own explanation
    /// if it sent one.
    [[nodiscard]] concurrency::task<http_answer> get(http_target target);

    [[nodiscard]] const http_settings& settings() const noexcept { return pool_.settings(); }

    [[nodiscard]] const http_pool& pool() const noexcept { return pool_; }

  private:
    class exchange;

    http_pool pool_;
    http_request_text requests_;
};

} // namespace muster::upstream
