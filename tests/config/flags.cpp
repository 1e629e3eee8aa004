// Tests of config/flags: how the command line is split.
#include "config/flags.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

std::expected<flags, std::string> split(const std::vector<const char*>& arguments) {
    std::vector<const char*> argv{"muster"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return split_flags(static_cast<int>(argv.size()), argv.data());
}

using values = std::vector<std::string>;

TEST_CASE("values stand behind a space or an equals sign and keep their order") {
    const auto given = split({"--listen", "a", "--timeout=5s", "--listen=[b]", "--listen", "-1"});
    REQUIRE(given.has_value());
    CHECK(given->values.size() == 2);
    CHECK(given->values.at("listen") == values{"a", "[b]", "-1"});
    CHECK(given->values.at("timeout") == values{"5s"});
}

TEST_CASE("a switch takes no value but behind an equals sign") {
    const auto given = split({"--seed", "--reuse-port=off"});
    REQUIRE(given.has_value());
    CHECK(given->values.at("seed") == values{"true"});
    CHECK(given->values.at("reuse-port") == values{"off"});
}

TEST_CASE("the command may stand anywhere, flags around it") {
    CHECK(split({"serve"}).has_value());
    CHECK(split({"serve", "--threads", "2"}).has_value());
    CHECK(split({"--threads", "2", "serve"}).value().values.at("threads") == values{"2"});
}

TEST_CASE("a value that looks like a list or is quoted stays as it is") {
    CHECK(split({"--data", "[a,b]"}).value().values.at("data") == values{"[a,b]"});
    CHECK(split({"--data", "\"x\""}).value().values.at("data") == values{"\"x\""});
    CHECK(split({"--data", ""}).value().values.at("data") == values{""});
    CHECK(split({"--data", "a b,c"}).value().values.at("data") == values{"a b,c"});
}

TEST_CASE("a flag without its value is an error, and swallows nothing") {
    CHECK(split({"--timeout"}).error() == "--timeout (flag): has no value");
    CHECK(split({"--seed", "--data="}).error() == "--data= (flag): has no value");
    CHECK(split({"--data=", "--seed"}).error() == "--data= (flag): has no value");
    CHECK(split({"--timeout", "--threads", "4"}).error() == "--timeout (flag): has no value");
    CHECK(split({"--timeout", "--threads=4"}).error() == "--timeout (flag): has no value");
}

TEST_CASE("unknown flags, commands and arguments are errors") {
    CHECK(split({"--timeot", "5s"}).error() == "--timeot (flag): no such flag; did you mean --timeout?");
    CHECK(split({"--timeot=5s"}).error() == "--timeot=5s (flag): no such flag; did you mean --timeout?");
    CHECK(split({"-timeout", "5s"}).error() == "-timeout (flag): no such flag; did you mean --timeout?");
    CHECK(split({"--colours", "x"}).error() == "--colours (flag): no such flag; muster --help lists them");
    CHECK(split({"-x"}).error() == "-x (flag): no such flag; muster --help lists them");
    CHECK(split({"--Timeout", "5s"}).has_value() == false);
    CHECK(split({"imprt"}).error() == "imprt (command): no such command; did you mean import?");
    CHECK(split({"dance"}).error() ==
          "dance (command): no such command; there are serve, import, export, migrate, health, help");
    CHECK(split({""}).error().starts_with("\"\" (command): no such command; "));
    CHECK(split({"serve", "file"}).error() == "file (argument): not expected after serve");
    CHECK(split({"--dta=http://me:secret@host"}).error() ==
          "--dta=http://me:***@host (flag): no such flag; did you mean --data?");
}

TEST_CASE("help and version are told apart from settings") {
    CHECK(split({"-h"})->help);
    CHECK(split({"serve", "--help"})->help);
    CHECK(split({"--version"})->version);
    CHECK_FALSE(split({}).value().help);
    CHECK_FALSE(split({}).value().version);
}

TEST_CASE("a command takes its own flags and its argument, and says what it does not take") {
    const auto given = split({"--data", "sqlite:a.db", "import", "--keep-going", "people.jsonl"});
    REQUIRE(given.has_value());
    CHECK(given->command == command::import_people);
    CHECK(given->operand == "people.jsonl");
    CHECK(given->switches.contains("keep-going"));
    CHECK(given->values.at("data") == values{"sqlite:a.db"});
    CHECK(split({"import", "-"}).value().operand == "-");
    CHECK(split({"import", "--keep-going=no", "-"}).value().switches.empty());

    CHECK(split({"import", "-", "--users", "sqlite:a.db"}).error() ==
          "--users (flag): muster import takes only --data, --config and --keep-going");
    CHECK(split({"export", "--keep-going"}).error() == "--keep-going (flag): only muster import takes it");
    CHECK(split({"--ready"}).error() == "--ready (flag): only muster health takes it");
    CHECK(split({"health", "--data", "sqlite:a.db"}).error() ==
          "--data (flag): muster health takes only --listen, --admin, --config, --live and --ready");
    CHECK(split({"import", "a", "b"}).error() == "b (argument): not expected after a");
    CHECK(split({"export", "a"}).error() == "a (argument): not expected after export");
    CHECK(split({"import", ""}).error() == "\"\" (argument): must be FILE|-");
    CHECK(split({"import", "--keep-going=perhaps", "-"}).error() ==
          "--keep-going=perhaps (flag): must be true or false");
    CHECK(split({"import", "--keep-gong", "-"}).error() ==
          "--keep-gong (flag): no such flag; did you mean --keep-going?");
    CHECK(split({"help", "dance"}).error().starts_with("dance (command): no such command; "));
}

TEST_CASE("an empty argv is an empty command line") {
    CHECK(split_flags(0, nullptr).has_value());
}

} // namespace
} // namespace muster::config
