// Tests of config/help: the text is part of the product.
#include "config/help.hpp"

#include "config/keys.hpp"
#include "config/policies.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace muster::config {
namespace {

TEST_CASE("help names every flag, its default and the exit codes") {
    const auto text = help_text();
    for (const auto& group : key_groups()) {
        CHECK(text.contains('\n' + std::string{group.title} + '\n'));
        for (const auto& each : group.keys) {
            INFO(each.name);
            CHECK(text.contains("\n  --" + std::string{each.name} + ' '));
            CHECK(text.contains(each.usual.empty() ? "" : "(default: " + std::string{each.usual} + ')'));
        }
    }
    for (const auto& each : policies()) {
        INFO(each.name);
        CHECK(text.contains("\n  " + std::string{each.name} + '=' + std::string{each.value} + ' '));
        CHECK(text.contains("(default: " + std::string{each.usual} + ')'));
    }
    CHECK(text.contains("Exit codes: 0 "));
    CHECK(text.ends_with("\n"));
}

TEST_CASE("no line of help is longer than 100 columns or ends in a space") {
    for (const auto& each : commands()) {
        std::istringstream lines{help_text(each.which)};
        for (std::string line; std::getline(lines, line);) {
            INFO(line);
            CHECK(line.size() <= 100);
            CHECK_FALSE(line.ends_with(' '));
        }
    }
}

TEST_CASE("help lists the commands, and each tells its own flags") {
    const auto text = help_text();
    for (const auto& each : commands()) {
        INFO(each.name);
        CHECK(text.contains("\n  " + std::string{each.name} + ' '));
        CHECK(text.contains(each.summary));
        if (each.text.empty())
            continue;
        const auto own = help_text(each.which);
        CHECK(own.starts_with("Usage: muster " + std::string{each.name} + ' '));
        for (const auto& key : each.keys) {
            CHECK(find_key(key) != nullptr);
            CHECK(own.contains("\n  --" + std::string{key} + ' '));
        }
        for (const auto& one : each.switches)
            CHECK(own.contains("\n  --" + std::string{one.name} + ' '));
        CHECK_FALSE(own.contains("--threads"));
    }
    CHECK(help_text(command::import_people).contains("(default: sqlite:data/muster.db)"));
    CHECK(help_text(command::import_people).contains("\nExit codes: 0 imported, 1 "));
}

TEST_CASE("the defaults that help shows are the defaults") {
    environment as_shown;
    for (const auto& group : key_groups())
        for (const auto& each : group.keys)
            if (!each.usual.empty() && !each.usual.contains(' ') && each.name != "data")
                as_shown.emplace_back(variable_of(each.name), each.usual);
    CHECK(as_shown.size() >= 10);
    CHECK(settings_of({}, as_shown) == settings{});
}

TEST_CASE("the defaults of policies that help shows are the defaults") {
    for (const auto& each : policies()) {
        INFO(each.name);
        settings all;
        const auto usual = each.usual.substr(0, each.usual.find(','));
        REQUIRE_FALSE(apply_policy(all, "posts", each.name, usual, {}).has_value());
        all.posts.policy.idle = {}; // nothing said is a default of its own
        CHECK(all.posts.policy == source_policy{});
    }
}

TEST_CASE("help says which flags the file has no key for") {
    std::vector<std::string> without;
    for (const auto& group : key_groups())
        for (const auto& each : group.keys)
            if (each.kind == file_kind::none)
                without.push_back("--" + std::string{each.name});
    CHECK(without == std::vector<std::string>{"--source", "--config"});
    CHECK(help_text().contains("but for --config and --source, a key of the file"));
}

TEST_CASE("the command that help shows as an example needs nothing that is not there") {
    const auto text = help_text();
    const auto example = text.substr(text.find("Example: muster "));
    const auto line = example.substr(0, example.find('\n'));
    CHECK(line.contains("--data "));
    CHECK(line.contains(" --seed")); // a named database must exist
}

TEST_CASE("the file that help shows as an example is a valid one") {
    const auto text = help_text();
    const auto begin = text.find("\n  {\n");
    const auto end = text.find("\n  }\n", begin);
    REQUIRE(end != text.npos);
    const scratch_directory scratch;
    const auto all = settings_of({"--config", scratch.write("muster.json", text.substr(begin, end + 5 - begin))});
    CHECK(all.listen.size() == 2);
    CHECK(all.routes.size() == 1);
    CHECK(all.posts.policy == source_policy{.workers = 8, .queue = 512});
}

} // namespace
} // namespace muster::config
