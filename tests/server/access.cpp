// tests of server/access: the table of who may see the debug routes.
#include "server/access.hpp"

#include "server/admin_token.hpp"

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>
#include <utility>

using muster::server::debug_caller;
using muster::server::debug_refusal;
using muster::server::door;
using muster::server::names_loopback;
using muster::server::needs_token;

namespace {

using fields = std::initializer_list<std::pair<const char*, const char*>>;

const door public_local{.which = door::kind::public_, .loopback = true, .address = "127.0.0.1:8080"};
const door public_wide{.which = door::kind::public_, .loopback = false, .address = "0.0.0.0:8080"};
const door admin_local{.which = door::kind::admin, .loopback = true, .address = "127.0.0.1:9090"};
const door admin_wide{.which = door::kind::admin, .loopback = false, .address = "0.0.0.0:9090"};

bool passes(const door& through, fields given, bool http_1_0 = false, std::string_view path = "/debug/tasks",
            std::string_view authority = "") {
    muster::handlers::header_list headers;
    bool host = false;
    for (const auto& [name, value] : given) {
        headers.add(name, value);
        host = host || std::string_view(name) == "Host";
    }
    if (!host) {
        headers.add("Host", "localhost");
    }
    return !debug_refusal(debug_caller{through, http_1_0, path, authority, headers});
}

} // namespace

TEST_CASE("whoever asks plainly on this machine may see the debug routes") {
    for (const auto* through : {&public_local, &public_wide, &admin_local, &admin_wide}) {
        CHECK(passes(*through, {}));
    }
}

TEST_CASE("on the public listener nothing that came through a proxy passes") {
    for (const auto* through : {&public_local, &public_wide}) {
        CHECK_FALSE(passes(*through, {{"Forwarded", "for=1.2.3.4"}}));
        CHECK_FALSE(passes(*through, {{"X-Forwarded-For", "127.0.0.1"}}));
        CHECK_FALSE(passes(*through, {{"x-forwarded-anything", ""}}));
        CHECK_FALSE(passes(*through, {{"Via", "1.1 proxy"}}));
        CHECK_FALSE(passes(*through, {}, true));
        CHECK(passes(*through, {{"X-Forward", "near miss"}}));
    }
    CHECK(passes(admin_local, {{"Via", "1.1 proxy"}}));
    CHECK(passes(admin_local, {}, true));
}

TEST_CASE("on a loopback listener pages of other sites do not pass, but a navigation to the page does") {
    for (const auto* through : {&public_local, &admin_local}) {
        for (const auto* site : {"cross-site", "same-site", "", "None"}) {
            CHECK_FALSE(passes(*through, {{"Sec-Fetch-Site", site}}));
        }
        CHECK(passes(*through, {{"Sec-Fetch-Site", "same-origin"}}));
        CHECK(passes(*through, {{"Sec-Fetch-Site", "none"}}));
        CHECK_FALSE(passes(*through, {{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "cross-site"}}));

        const fields link = {
            {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}};
        CHECK(passes(*through, link));
        CHECK_FALSE(passes(*through, link, false, "/debug/pprof/goroutine"));
        CHECK_FALSE(
            passes(*through,
                   {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}}));
        CHECK_FALSE(
            passes(*through,
                   {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Dest", "document"}}));
    }
    CHECK(passes(admin_wide, {{"Sec-Fetch-Site", "cross-site"}}));
}

TEST_CASE("on a loopback listener only loopback names pass, however the target names them") {
    for (const auto* through : {&public_local, &admin_local}) {
        CHECK_FALSE(passes(*through, {{"Host", "muster.example"}}));
        CHECK_FALSE(passes(*through, {{"Host", "10.0.0.1:8080"}}));
        CHECK_FALSE(passes(*through, {}, false, "/debug/tasks", "muster.example"));
        CHECK(passes(*through, {{"Host", "muster.example"}}, false, "/debug/tasks", "localhost:8080"));
    }
    CHECK(passes(admin_wide, {{"Host", "muster.example"}}));
}

TEST_CASE("what names loopback") {
    for (const auto* name : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:1", "[::1]", "[::1]:8080"}) {
        CHECK(names_loopback(name));
    }
    for (const auto* name : {"", "localhost.", "localhost.example", "0.0.0.0", "128.0.0.1", "[::2]", "[::1", "::1",
                             "127.0.0.1.example", "2130706433"}) {
        CHECK_FALSE(names_loopback(name));
    }
}

TEST_CASE("a token is asked for by debug routes everywhere, and on the admin listener by all but what is open") {
    using muster::handlers::resolution;
    using muster::handlers::route_access;
    using outcome = resolution::outcome;
    const auto token = muster::server::admin_token::parse("sesame");
    for (auto through : {public_local, public_wide, admin_local, admin_wide}) {
        const bool admin = through.which == door::kind::admin;
        for (const auto kind :
             {outcome::match, outcome::options, outcome::method_not_allowed, outcome::not_found, outcome::bad_target}) {
            const bool unknown = kind == outcome::not_found || kind == outcome::bad_target;
            const resolution open{.kind = kind};
            const resolution debug{.kind = kind, .access = route_access::debug};
            CHECK_FALSE(needs_token(through, open));
            CHECK_FALSE(needs_token(through, debug));
            through.token = &*token;
            CHECK(needs_token(through, open) == (admin && unknown));
            CHECK(needs_token(through, debug));
            through.token = nullptr;
        }
    }
}
