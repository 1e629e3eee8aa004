// Tests of config/source_url.
#include "config/source_url.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

std::string complaint_about(std::string_view text) {
    const auto parsed = parse_source_url(text);
    return parsed ? "" : parsed.error();
}

TEST_CASE("a SQLite source is a path, taken as it stands") {
    CHECK(parse_source_url("sqlite:data/muster.db") == default_source());
    CHECK(parse_source_url("sqlite:/var/lib/a b.db")->path == "/var/lib/a b.db");
    CHECK(parse_source_url("SQLite:x%20y?z")->path == "x%20y?z");
    CHECK(parse_source_url("sqlite:a:b@c")->path == "a:b@c");
}

TEST_CASE("a path that could mean two things is refused") {
    CHECK(complaint_about("sqlite:").starts_with("no path; "));
    CHECK(complaint_about("sqlite:///x.db").starts_with("the path begins with two slashes; "));
    CHECK(complaint_about("sqlite:file:x?mode=ro").starts_with("must be a plain file"));
    CHECK(complaint_about("sqlite::memory:").starts_with("must be a plain file"));
    CHECK(complaint_about("sqlite:a\nb") == "control characters are not allowed");
}

TEST_CASE("a source over HTTP is a host and a port, or a Unix socket") {
    const auto posts = parse_source_url("http://posts.internal:8081/");
    REQUIRE(posts.has_value());
    CHECK(*posts == source_url{.kind = source_kind::http,
                               .text = "http://posts.internal:8081/",
                               .path = {},
                               .host = "posts.internal",
                               .port = 8081});
    const auto local = parse_source_url("HTTP://unix:/run/muster.sock");
    REQUIRE(local.has_value());
    CHECK(*local ==
          source_url{.kind = source_kind::http, .text = "HTTP://unix:/run/muster.sock", .path = "/run/muster.sock"});
    CHECK(complaint_about("http:posts").starts_with("two slashes must follow http:; write http://HOST:PORT "));
    CHECK(to_string(posts->kind) == "HTTP");
    CHECK(to_string(default_source().kind) == "SQLite");
}

TEST_CASE("the schemes of later versions are known and refused") {
    for (const std::string scheme : {"postgres", "postgresql", "https"}) {
        CHECK(complaint_about(scheme + "://host/x") ==
              scheme + " sources come in a later version; write sqlite:PATH (sqlite:data/muster.db) or "
                       "http://HOST:PORT (http://10.0.0.7:8080)");
        CHECK(complaint_about(scheme).starts_with("not the URL of a source; "));
    }
    CHECK(complaint_about("http").starts_with("not the URL of a source; "));
}

TEST_CASE("what is no source is refused with what to write instead") {
    for (const auto* text : {"", "data/muster.db", "mysql://host/db", "sqlite", ":x"}) {
        INFO(text);
        CHECK(complaint_about(text) == "not the URL of a source; write sqlite:PATH (sqlite:data/muster.db) or "
                                       "http://HOST:PORT (http://10.0.0.7:8080)");
    }
}

TEST_CASE("a password is hidden wherever a URL can carry one") {
    CHECK(shown("postgres://me:secret@host:5432/db") == "postgres://me:***@host:5432/db");
    CHECK(shown("postgres://:secret@host/db") == "postgres://:***@host/db");
    CHECK(shown("http://me:se/cr@et@host/") == "http://me:***@host/");   // not escaped, as people do
    CHECK(shown("postgres//me:secret@host") == "postgres//me:***@host"); // mistyped, yet secret
    CHECK(shown("postgres://host/db?user=me&password=secret&x=1") == "postgres://host/db?user=me&password=***&x=1");
    CHECK(shown("postgres://me:a@host/db?PASSWORD=b") == "postgres://me:***@host/db?PASSWORD=***");
    CHECK(has_password("http://me:x@host"));
    CHECK(has_password("postgres://host/db?password=x"));
}

TEST_CASE("a URL without a password is shown as it is") {
    for (const auto* text : {"sqlite:data/muster.db", "sqlite:a//b:c@d", "postgres://me@host:5432/db",
                             "http://host:80/a", "http://host/?nopassword=x", "", "@", "://", "5s"}) {
        INFO(text);
        CHECK_FALSE(has_password(text));
        CHECK(shown(text) == text);
    }
}

} // namespace
} // namespace muster::config
