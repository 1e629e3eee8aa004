// tests of handlers/trace_headers: which traces are handed on.
#include "handlers/trace_headers.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace muster::handlers;

namespace {

const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// `good` with `text` from `at` on.
std::string with(std::size_t at, std::string_view text) {
    auto made = good;
    made.replace(at, text.size(), text);
    return made;
}

} // namespace

TEST_CASE("a traceparent is two ids in lower-case hex, neither of them zero") {
    CHECK(is_traceparent(good));
    CHECK(is_traceparent(with(53, "ff")));
    for (const auto& bad :
         {std::string(), good.substr(1), good.substr(0, 54), good + "-", good + "-more", with(0, "ff"), with(0, "0G"),
          with(2, "_"), with(3, "A"), with(35, "_"), with(36, "B"), with(52, " "), with(53, "0x"),
          with(3, std::string(32, '0')), with(36, std::string(16, '0'))}) {
        CAPTURE(bad);
        CHECK_FALSE(is_traceparent(bad));
    }
}

TEST_CASE("a traceparent of a later version may say more behind a dash") {
    CHECK(is_traceparent(with(0, "01")));
    CHECK(is_traceparent(with(0, "fe") + "-what-the_future.brings"));
    CHECK_FALSE(is_traceparent(with(0, "01") + "more"));
    CHECK_FALSE(is_traceparent(with(0, "01") + "-a b"));
    CHECK_FALSE(is_traceparent(with(0, "01") + "-" + std::string(300, 'x')));
}

TEST_CASE("a tracestate is a list of keys and values, of a bounded length") {
    for (const auto& state : {std::string("a=1"), std::string("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
                              std::string("a=1, ,\tb=2,"), std::string("fw529a3039@dt=FfAAAAAB"),
                              std::string("a*/_-0=!\"#$%&'()*+-./:;<>?@[]^_`{|}~ x"), "k=" + std::string(256, 'v')}) {
        CAPTURE(state);
        CHECK(is_tracestate(state));
    }
    std::string many;
    for (int i = 0; i < 32; ++i)
        many += "k" + std::to_string(i) + "=v,";
    CHECK(is_tracestate(many));
    for (const auto& bad :
         {std::string(), std::string(" , "), std::string("a"), std::string("=1"), std::string("a="), std::string("A=1"),
          std::string("1a=1"), std::string("a =1"), std::string("a=b=c"), std::string("a=\x01"),
          std::string("a=\xc3\xa9"), std::string("a@=1"), std::string("@b=1"), std::string("a@b@c=1"), many + "x=y",
          "k=" + std::string(257, 'v'), std::string(257, 'k') + "=v",
          "a=" + std::string(250, 'v') + ",b=" + std::string(256, 'v') + ",c=1"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_tracestate(bad));
    }
}

TEST_CASE("a trace is handed on with its state, if there is one valid parent") {
    {
        trace_headers trace;
        trace.take("Host", "x");
        trace.take("TraceParent", good);
        trace.take("tracestate", "a=1");
        REQUIRE(trace.context() != nullptr);
        CHECK(trace.context()->parent == good);
        CHECK(trace.context()->state == "a=1");
    }
    {
        trace_headers trace;
        trace.take("tracestate", "a=1");
        trace.take("tracestate", "b=2");
        trace.take("traceparent", good);
        trace.take("tracestate", "c=3");
        REQUIRE(trace.context() != nullptr);
        CHECK(trace.context()->state == "a=1,b=2,c=3");
    }
    {
        trace_headers trace;
        trace.take("traceparent", good);
        trace.take("tracestate", "A");
        REQUIRE(trace.context() != nullptr);
        CHECK(trace.context()->state.empty());
    }
    trace_headers two;
    two.take("traceparent", good);
    two.take("traceparent", good);
    CHECK(two.context() == nullptr);
    const std::string longer = good + "x"; // outlives what takes it
    trace_headers bad;
    bad.take("traceparent", longer);
    bad.take("tracestate", "a=1");
    CHECK(bad.context() == nullptr);
    trace_headers none;
    none.take("tracestate", "a=1");
    none.take("transparent", good);
    CHECK(none.context() == nullptr);
}
