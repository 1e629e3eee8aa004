// Tests of config/command_line: who wins, and how errors of flags and variables read.
#include "config/command_line.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>

#include <algorithm>

namespace muster::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("nothing said is serve with the defaults") {
    const auto result = parse_all({});
    REQUIRE(result.has_value());
    CHECK(result->command == command::serve);
    CHECK(result->settings == settings{});
    CHECK(result->warnings.empty());
    CHECK(result->text.empty());
    CHECK(settings_of({"serve"}) == settings{});
}

TEST_CASE("help and version are texts, and nothing else is looked at") {
    for (const std::vector<std::string>& line : {std::vector<std::string>{"--help"}, {"serve", "--help"}, {"-h"}}) {
        const auto help = parse_all(line, {{"MUSTER_TIMEOUT", "5x"}, {"MUSTER_CONFIG", "/nonexistent"}});
        REQUIRE(help.has_value());
        CHECK(help->command == command::help);
        CHECK(help->text.starts_with("muster: "));
    }
    const auto shown_version = parse_all({"--version"});
    REQUIRE(shown_version.has_value());
    CHECK(shown_version->command == command::version);
    CHECK(shown_version->text == "muster " + std::string{version()} + "\n");
    CHECK(version().find_first_not_of("0123456789.") == std::string_view::npos);
}

TEST_CASE("flags win over the environment, it over the file, the file over defaults") {
    const scratch_directory scratch;
    const auto file = scratch.write("m.json", R"({"timeout": "1s", "read-timeout": "1s", "write-timeout": "1s"})");
    const environment variables{{"MUSTER_TIMEOUT", "2s"}, {"MUSTER_READ_TIMEOUT", "2s"}};
    const auto all = settings_of({"--config", file, "--timeout", "3s"}, variables);
    CHECK(all.timeout == 3s);
    CHECK(all.read_timeout == 2s);
    CHECK(all.write_timeout == 1s);
    CHECK(all.idle_timeout == 60s);
}

TEST_CASE("the file may be named by a variable, and a flag names another") {
    const scratch_directory scratch;
    const auto one = scratch.write("one.json", R"({"threads": 1})");
    const auto two = scratch.write("two.json", R"({"threads": 2})");
    CHECK(settings_of({}, {{"MUSTER_CONFIG", one}}).threads == 1);
    CHECK(settings_of({"--config", two}, {{"MUSTER_CONFIG", one}}).threads == 2);
    CHECK(settings_of({"--config", two}, {{"MUSTER_CONFIG", one}}).config_file == two);
}

TEST_CASE("a list replaces the list of a lower origin, and never adds to it") {
    const scratch_directory scratch;
    const auto file = scratch.write("m.json", R"({"listen": ["127.0.0.1:1", "127.0.0.1:2"]})");
    const environment variables{{"MUSTER_LISTEN", "127.0.0.1:3, [::1]:4"}};
    using list = std::vector<endpoint>;
    CHECK(settings_of({"--config", file}).listen == list{tcp_endpoint{"127.0.0.1", 1}, tcp_endpoint{"127.0.0.1", 2}});
    CHECK(settings_of({"--config", file}, variables).listen ==
          list{tcp_endpoint{"127.0.0.1", 3}, tcp_endpoint{"::1", 4}});
    CHECK(settings_of({"--config", file, "--listen", "127.0.0.1:5"}, variables).listen ==
          list{tcp_endpoint{"127.0.0.1", 5}});
    CHECK(settings_of({"--listen", "127.0.0.1:5", "--listen=unix:/a,b"}).listen ==
          list{tcp_endpoint{"127.0.0.1", 5}, unix_endpoint{"/a,b"}});
}

TEST_CASE("policies of the sources add up over the origins") {
    const scratch_directory scratch;
    const auto file = scratch.write("m.json", R"({"sources": {"posts": {"workers": 1, "queue": 1}}})");
    const auto all = settings_of({"--config", file, "--source", "posts.queue=3", "--source", "users.queue=4"},
                                 {{"MUSTER_SOURCE", "posts.queue=2,profiles.workers=2"}});
    CHECK(all.posts.policy == source_policy{.workers = 1, .queue = 3});
    CHECK(all.users.policy == source_policy{.queue = 4});
    CHECK(all.profiles.policy == source_policy{.workers = 2});
}

TEST_CASE("of a flag given twice the last counts, but both must be right") {
    CHECK(settings_of({"--timeout", "1s", "--timeout", "2s"}).timeout == 2s);
    CHECK_FALSE(settings_of({"--seed", "--seed=false"}).seed);
    CHECK(error_of({"--timeout", "x", "--timeout", "2s"}).starts_with("muster: --timeout x (flag): "));
}

TEST_CASE("all three sources at once, or each by itself, in any order") {
    const auto all = settings_of({"--posts", "sqlite:o", "--data", "sqlite:d"});
    CHECK(all.users.url.path == "d");
    CHECK(all.profiles.url.path == "d");
    CHECK(all.posts.url.path == "o");
    // A higher origin's --data speaks of all three again.
    CHECK(settings_of({"--data", "sqlite:d"}, {{"MUSTER_POSTS", "sqlite:o"}}).posts.url.path == "d");
}

TEST_CASE("whoever names a source, even the default one, has named it") {
    CHECK(settings_of({"--data", "sqlite:data/muster.db"}).sources_named);
    CHECK(settings_of({"--posts", "sqlite:o"}).sources_named);
    CHECK(settings_of({}, {{"MUSTER_USERS", "sqlite:u"}}).sources_named);
    CHECK_FALSE(settings_of({"--source", "posts.workers=1", "--seed"}).sources_named);
}

TEST_CASE("switches and words") {
    CHECK(settings_of({"--debug-on-public"}).debug_on_public);
    CHECK(settings_of({}, {{"MUSTER_DEBUG_ON_PUBLIC", "1"}}).debug_on_public);
    CHECK_FALSE(settings_of({"--debug-on-public=off"}, {{"MUSTER_DEBUG_ON_PUBLIC", "1"}}).debug_on_public);
    CHECK_FALSE(settings_of({"--admin", "off"}).admin.has_value());
    CHECK(settings_of({"--admin", "[::1]:0"}).admin == endpoint{tcp_endpoint{"::1", 0}});
    CHECK(settings_of({"--log-level=trace"}).level == log_level::trace);
    CHECK(settings_of({"--log-format", "text"}).format == log_format::text);
    CHECK(settings_of({"--threads=0"}).threads == 0);
    CHECK(settings_of({"--max-connections", "7"}).max_connections == 7U);
    CHECK(settings_of({"--max-connections-per-address", "7"}).max_connections_per_address == 7U);
    CHECK(settings_of({"--max-connections-per-address", "off"}).max_connections_per_address == 0U);
    CHECK(settings_of({"--drain", "1ms"}).drain == 1ms);
    CHECK(settings_of({}).drain_delay == 0ms);
    CHECK(settings_of({"--drain-delay", "1s"}).drain_delay == 1s);
    CHECK(settings_of({"--drain-delay", "0s"}).drain_delay == 0ms);
}

TEST_CASE("an error of a flag names flag and value in one line") {
    CHECK(error_of({"--timeout", "5x"}) == "muster: --timeout 5x (flag): not a duration; write 250ms, 5s or 2m");
    CHECK(error_of({"--timeout", "5\nx"}) ==
          R"(muster: --timeout 5\x0ax (flag): not a duration; write 250ms, 5s or 2m)");
    CHECK(error_of({"--timeout", ""}) == R"(muster: --timeout "" (flag): not a duration; write 250ms, 5s or 2m)");
    CHECK(error_of({"--threads", "-1"}) == "muster: --threads -1 (flag): must be a whole number, 0 to 1024");
    CHECK(error_of({"--max-connections=0"}) == "muster: --max-connections 0 (flag): must be 1 to 10000000");
    CHECK(error_of({"--max-connections-per-address=0"}) ==
          "muster: --max-connections-per-address 0 (flag): must be 1 to 10000000, or off for none");
    CHECK(error_of({"--seed=maybe"}) == "muster: --seed=maybe (flag): must be true or false");
    CHECK(error_of({"--log-level", "loud"}) ==
          "muster: --log-level loud (flag): must be trace, debug, info, warn or error");
    CHECK(error_of({"--log-format", "xml"}) == "muster: --log-format xml (flag): must be text, json or auto");
    CHECK(error_of({"--listen", "8080"}).starts_with("muster: --listen 8080 (flag): no port; "));
    CHECK(error_of({"--listen", "[::1]:1", "--listen", "[::1]:1"}) == "muster: --listen [::1]:1 (flag): given twice");
    CHECK(error_of({"--listen", "[::1]:0", "--listen", "[::1]:0"}) == ""); // two free ports
    CHECK(error_of({"--admin", "no"}).ends_with(", or off for none"));
    CHECK(error_of({"--source", "posts"}) ==
          "muster: --source posts (flag): not a policy; write SOURCE.POLICY=VALUE, such as posts.workers=4");
    CHECK(error_of({"--source", "posts=1.2"}).contains("not a policy; "));
    CHECK(
        error_of({"--source", "posts.wrkers=4"}) ==
        "muster: --source posts.wrkers=4 (flag): no such policy; there are workers, queue, connections, idle, connect, "
        "idle-timeout, max-head, max-body and deadline");
    CHECK(error_of({"--timeot", "5s"}) == "muster: --timeot (flag): no such flag; did you mean --timeout?");
    CHECK(error_of({"imprt"}) == "muster: imprt (command): no such command; did you mean import?");
}

TEST_CASE("an error of a variable names it and its value in one line") {
    CHECK(error_of({}, {{"MUSTER_TIMEOUT", "5x"}}) ==
          "muster: MUSTER_TIMEOUT=5x (environment): not a duration; write 250ms, 5s or 2m");
    CHECK(error_of({}, {{"MUSTER_LISTEN", "127.0.0.1:1,,"}})
              .starts_with("muster: MUSTER_LISTEN=\"\" (environment): no port; "));
    CHECK(error_of({}, {{"MUSTER_SEED", ""}}) == "muster: MUSTER_SEED=\"\" (environment): must be true or false");
    // An empty path must not mean the default database with its invented people.
    CHECK(error_of({}, {{"MUSTER_DATA", ""}}).starts_with("muster: MUSTER_DATA=\"\" (environment): not the URL"));
    // What a flag overrides has to be right all the same.
    CHECK(error_of({"--timeout", "5s"}, {{"MUSTER_TIMEOUT", "5x"}}) != "");
}

TEST_CASE("a password by flag or variable is refused and not repeated") {
    CHECK(error_of({"--data", "postgres://me:secret@host/db"}) ==
          "muster: --data postgres://me:***@host/db (flag): a password must not be given by flag or environment, "
          "where others can read it");
    CHECK(error_of({}, {{"MUSTER_POSTS", "https://me:secret@host"}}) ==
          "muster: MUSTER_POSTS=https://me:***@host (environment): a password must not be given by flag or "
          "environment, where others can read it");
}

TEST_CASE("sources of later versions are refused") {
    CHECK(error_of({"--users", "postgres://host/db"})
              .starts_with("muster: --users postgres://host/db (flag): postgres sources come in a later version; "));
    CHECK(error_of({}, {{"MUSTER_POSTS", "https://host"}})
              .starts_with("muster: MUSTER_POSTS=https://host (environment): https sources come in a later version; "));
}

TEST_CASE("sources over HTTP mix freely with those of SQLite") {
    const auto all = settings_of({"--data", "http://far:8080", "--posts", "sqlite:o"});
    CHECK(all.users.url.kind == source_kind::http);
    CHECK(all.users.url.host == "far");
    CHECK(all.users.url.port == 8080);
    CHECK(all.profiles.url == all.users.url);
    CHECK(all.posts.url.kind == source_kind::sqlite);
    CHECK(all.sources_named);
    CHECK(error_of({"--users", "http://far:8080/api"})
              .starts_with("muster: --users http://far:8080/api (flag): a path is not supported: "));
}

TEST_CASE("seed makes databases, which sources over HTTP are not") {
    const auto none = parse_all({"--data", "http://far:8080", "--seed"});
    REQUIRE(none.has_value());
    CHECK(none->warnings ==
          std::vector<std::string>{"--seed has nothing to fill: it makes SQLite databases, and users, "
                                   "profiles and posts all come over HTTP"});
    CHECK(parse_all({"--data", "http://far:8080", "--posts", "sqlite:o", "--seed"})->warnings.empty());
    CHECK(parse_all({"--data", "http://far:8080"})->warnings.empty());
}

TEST_CASE("explain has two levels") {
    CHECK(settings_of({"--explain", "minimal"}).explain == explain_level::minimal);
    CHECK(settings_of({"--explain=full"}, {{"MUSTER_EXPLAIN", "minimal"}}).explain == explain_level::full);
    CHECK(error_of({"--explain", "all"}) == "muster: --explain all (flag): must be full or minimal");
}

TEST_CASE("a command's settings come from the same origins as serve's") {
    const auto import = parse_all({"import", "people.jsonl", "--keep-going"}, {{"MUSTER_DATA", "sqlite:a.db"}});
    REQUIRE(import.has_value());
    CHECK(import->command == command::import_people);
    CHECK(import->file == "people.jsonl");
    CHECK(import->keep_going);
    CHECK(import->settings.users.url.path == "a.db");
    CHECK(parse_all({"export", "--data", "sqlite:b.db"}, {{"MUSTER_DATA", "sqlite:a.db"}})->settings.users.url.path ==
          "b.db");
    CHECK(parse_all({"migrate"})->settings.users.url == default_source());

    // What configures the server does no harm to the check in its container.
    const auto health = parse_all({"health", "--ready"},
                                  {{"MUSTER_ADMIN", "0.0.0.0:9091"}, {"MUSTER_POSTS", "sqlite:o"}, {"MUSTER_X", "x"}});
    REQUIRE(health.has_value());
    CHECK(health->ready);
    CHECK(health->settings.admin == endpoint{tcp_endpoint{"0.0.0.0", 9091}});
    CHECK(health->warnings.empty()); // said by the server already
    CHECK(parse_all({"import", "-"}, {{"MUSTER_TIMEOT", "x"}})->warnings.size() == 1);
}

TEST_CASE("the help of a command is its own") {
    const auto own = parse_all({"import", "--help"});
    REQUIRE(own.has_value());
    CHECK(own->command == command::help);
    CHECK(own->text.starts_with("Usage: muster import FILE|- [FLAGS]\n"));
    CHECK(parse_all({"help", "import"})->text == own->text);
    CHECK(parse_all({"help"})->text == parse_all({"--help"})->text);
}

TEST_CASE("what a command cannot do without, or with, is an error") {
    CHECK(error_of({"import"}) ==
          "muster: import (command): FILE|- is missing: the file to read, or - for standard input");
    CHECK(error_of({"health", "--live", "--ready"}) == "muster: --live, --ready (flags): only one of them");
    CHECK(error_of({"import", "-", "--data", "postgres://host/db"})
              .starts_with("muster: --data postgres://host/db (flag): postgres sources come in a later version; "));
    CHECK(error_of({"import", "-", "--data", "http://far:8080"}) ==
          "muster: import (command): works on a SQLite database, and people come from http://far:8080; name one: "
          "--data sqlite:PATH");
    CHECK(error_of({"export"}, {{"MUSTER_DATA", "http://far"}}).contains("works on a SQLite database"));
    CHECK(error_of({"migrate"}, {{"MUSTER_DATA", "http://far"}}).contains("works on a SQLite database"));
    // Which of the databases is meant?
    CHECK(error_of({"import", "-"}, {{"MUSTER_POSTS", "sqlite:o"}}) ==
          "muster: import (command): users, profiles and posts come from different sources; name one database: "
          "--data URL");
    CHECK(error_of({"export"}, {{"MUSTER_DATA", "sqlite:d"}, {"MUSTER_USERS", "sqlite:u"}}).contains("one database"));
    CHECK(error_of({"migrate", "--data", "sqlite:d"}, {{"MUSTER_POSTS", "sqlite:o"}}) == "");
}

TEST_CASE("an unknown variable is warned of, those of Kubernetes are not") {
    const auto result = parse_all({}, {{"MUSTER_TIMEOT", "secret"},
                                       {"MUSTER_", "x"},
                                       {"MUSTER_WHATEVER_ELSE", "x"},
                                       {"MUSTER_SERVICE_HOST", "10.0.0.1"},
                                       {"MUSTER_SERVICE_PORT_HTTP", "80"},
                                       {"MUSTER_PORT", "tcp://10.0.0.1:80"},
                                       {"MUSTER_PORT_80_TCP_ADDR", "10.0.0.1"},
                                       {"MUSTERING", "x"},
                                       {"muster_timeout", "x"},
                                       {"PATH", "/bin"},
                                       {"MUSTER_TIMEOUT", "7s"}});
    REQUIRE(result.has_value());
    CHECK(result->settings.timeout == 7s);
    CHECK(result->warnings ==
          std::vector<std::string>{
              "MUSTER_TIMEOT (environment) is no setting of muster and is ignored; did you mean MUSTER_TIMEOUT?",
              "MUSTER_ (environment) is no setting of muster and is ignored",
              "MUSTER_WHATEVER_ELSE (environment) is no setting of muster and is ignored"});
}

TEST_CASE("an admin listener that others can reach is warned of") {
    const auto open = parse_all({"--admin", "0.0.0.0:9090"});
    REQUIRE(open.has_value());
    CHECK(open->warnings ==
          std::vector<std::string>{"the admin listener 0.0.0.0:9090 can be reached from other machines and asks for no "
                                   "token: name one with --admin-token-file, or bind it to 127.0.0.1"});
    CHECK(parse_all({"--admin", "localhost:9090"})->warnings.empty());
    CHECK(parse_all({"--admin", "off"})->warnings.empty());
}

TEST_CASE("a token closes the doors that are warned of") {
    const auto guarded = parse_all({"--admin", "0.0.0.0:9090", "--listen", "0.0.0.0:8080", "--debug-on-public",
                                    "--admin-token-file", "secrets/token"});
    REQUIRE(guarded.has_value());
    CHECK(guarded->settings.admin_token_file == "secrets/token");
    CHECK(guarded->warnings.empty());
    const auto nothing = parse_all({"--admin", "off"}, {{"MUSTER_ADMIN_TOKEN_FILE", "token"}});
    REQUIRE(nothing.has_value());
    CHECK(nothing->warnings ==
          std::vector<std::string>{
              "--admin-token-file has nothing to guard: --admin is off, and so is --debug-on-public"});
}

TEST_CASE("a roll on a public listener that others can reach is warned of") {
    const auto open = parse_all({"--debug-on-public", "--listen", "127.0.0.1:8080", "--listen", "0.0.0.0:8081"});
    REQUIRE(open.has_value());
    REQUIRE(open->warnings.size() == 1);
    CHECK(open->warnings[0].starts_with("--debug-on-public shows /debug to everybody who reaches 0.0.0.0:8081"));
    CHECK(parse_all({"--debug-on-public"})->warnings.empty());
    CHECK(parse_all({"--listen", "0.0.0.0:8081"})->warnings.empty());
}

TEST_CASE("the process's environment is copied") {
    REQUIRE(::setenv("MUSTER_CONFIG_TEST", "a=b", 1) == 0);
    const auto all = process_environment();
    REQUIRE(::unsetenv("MUSTER_CONFIG_TEST") == 0);
    const auto copied = std::pair<std::string, std::string>{"MUSTER_CONFIG_TEST", "a=b"};
    CHECK(std::ranges::find(all, copied) != all.end());
}

} // namespace
} // namespace muster::config
