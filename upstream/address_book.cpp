// upstream/: see address_book.hpp.
#include "upstream/address_book.hpp"

namespace muster::upstream {

using concurrency::task;

task<address_book::addresses> address_book::get() {
    auto& home = co_await concurrency::current_loop();
    const auto now = home.now();
    if (known_ && !known_->addresses.empty()) {
        if (now - learnt_at_ >= good_for && now - asked_at_ >= patience) {
            asked_at_ = now;
            ask_();
        }
        co_return known_;
    }
    if (!known_ || now - learnt_at_ >= patience) {
        ask_();
        co_await learnt_.wait({.what = "a name", .resource = source_});
    }
    co_return known_;
}

void address_book::learn(concurrency::loop& home, addresses found) {
    if (!found->addresses.empty() || !known_ || known_->addresses.empty()) {
        known_ = std::move(found);
        learnt_at_ = home.now();
    }
    learnt_.notify_all();
}

} // namespace muster::upstream
