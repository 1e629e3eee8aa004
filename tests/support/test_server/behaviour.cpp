// tests/support/test_server: see behaviour.hpp.
#include "tests/support/test_server/behaviour.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/offload.hpp"
#include "config/duration.hpp"
#include "upstream/errors.hpp"

#include <thread>
#include <utility>

namespace muster::tests {

std::expected<behaviour, std::string> behaviour::parse(std::string_view text) {
    behaviour made;
    const auto colon = text.find(':');
    const auto word = text.substr(0, colon);
    if (word == "hang" && colon == std::string_view::npos) {
        made.kind_ = kind::hang;
        return made;
    }
    if (word == "delay") {
        made.kind_ = kind::delay;
    } else if (word == "fail-after") {
        made.kind_ = kind::fail_after;
    } else if (word == "sleep") {
        made.kind_ = kind::sleep;
    } else {
        return std::unexpected("write hang, sleep:10s, delay:300ms or fail-after:10ms");
    }
    const auto length = config::parse_duration(colon == std::string_view::npos ? "" : text.substr(colon + 1));
    if (!length) {
        return std::unexpected(length.error());
    }
    made.length_ = *length;
    return made;
}

void behaviour::employ(const std::string& source, std::size_t workers, std::size_t queue) {
    if (kind_ == kind::hang || kind_ == kind::sleep) {
        workers_ = std::make_unique<concurrency::worker_pool>(source, workers, queue);
    }
}

concurrency::task<void> behaviour::before(std::string source) const {
    switch (kind_) {
    case kind::delay:
        co_await concurrency::sleep_for(length_);
        break;
    case kind::fail_after:
        co_await concurrency::sleep_for(length_);
        throw upstream::source_failed(std::move(source), "it was told to fail");
    case kind::hang:
        co_await concurrency::offload(*workers_, [](const concurrency::stop_flag& stop) {
            while (!stop.load()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
        break;
    case kind::sleep:
        co_await concurrency::offload(*workers_, [length = length_] { std::this_thread::sleep_for(length); });
        break;
    }
}

} // namespace muster::tests
