// tests/support: see test_loop.hpp.
#include "tests/support/test_loop.hpp"

#include "concurrency/abandoned.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <stdexcept>

namespace muster::tests {

test_loop::test_loop()
    : loop_({.name = "test", .time = concurrency::loop::time_source::virtual_}),
      began_(loop_.now()) {
    loop_.on_error([this](std::string_view what, const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            errors_.push_back(std::string(what) + ": " + e.what());
        } catch (...) {
            errors_.emplace_back(what);
        }
    });
}

test_loop::~test_loop() {
    settle();
    CHECK(loop_.live_tasks() == 0);
    CHECK(loop_.counts().live_frames == 0);
    CHECK(loop_.abandoned().empty());
    if (!loop_.empty()) {
        // The loop's own destructor would abort without a word about which test it was.
        loop_.root_scope().cancel(concurrency::cancel_cause::shutdown);
        advance(std::chrono::seconds(1));
    }
}

void test_loop::start(concurrency::task<void> work, std::optional<concurrency::duration> budget) {
    loop_.spawn("test", std::move(work), budget);
}

void test_loop::run_until(const std::function<bool()>& done) {
    while (!done()) {
        if (!step()) {
            throw std::logic_error("the test waits for ever: nothing is ready and nothing is due");
        }
    }
}

bool test_loop::step() {
    if (loop_.context().poll_one() != 0) {
        return true;
    }
    if (const auto due = loop_.next_due()) {
        loop_.advance_to(*due);
        return true;
    }
    return false;
}

void test_loop::settle() {
    while (loop_.context().poll_one() != 0) {
    }
}

void test_loop::advance(concurrency::duration d) {
    const auto end = loop_.now() + d;
    settle();
    for (auto due = loop_.next_due(); due && *due <= end; due = loop_.next_due()) {
        loop_.advance_to(*due);
        settle();
    }
    loop_.advance_to(end);
    settle();
}

void test_loop::run_real(const std::function<bool()>& done) {
    // Finds what never comes; what is merely slow, with sanitizers on a busy machine, comes long before.
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!done()) {
        if (std::chrono::steady_clock::now() > limit) {
            throw std::logic_error("the test waited two minutes in real time");
        }
        loop_.context().run_one_for(std::chrono::milliseconds(5));
    }
}

std::chrono::milliseconds test_loop::now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - began_);
}

} // namespace muster::tests
