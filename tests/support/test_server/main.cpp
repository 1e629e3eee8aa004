// tests/support/test_server: muster_test_server, made from the libraries of muster, with sources and routes that
// misbehave on request: `muster_test_server serve --test-posts hang --test-users delay:300ms ...`, or `--test-chaos`
// (see chaos.hpp), which `--test-leak N` makes leak a task after N questions. It knows
// a migration to a schema 2 that never was (see migrations.hpp). Never installed.
#include "config/command_line.hpp"
#include "server/application.hpp"
#include "server/commands.hpp"
#include "tests/support/test_server/migrations.hpp"
#include "tests/support/test_server/routes.hpp"
#include "tests/support/test_server/sources.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using muster::tests::behaviour;
using muster::tests::behaviours;

std::optional<behaviour>* chosen(behaviours& all, std::string_view flag) {
    return flag == "--test-users"      ? &all.users
           : flag == "--test-profiles" ? &all.profiles
           : flag == "--test-posts"    ? &all.posts
                                       : nullptr;
}

} // namespace

int main(int argc, char** argv) {
    namespace config = muster::config;
    try {
        behaviours how;
        std::vector<const char*> rest;
        for (int i = 0; i < argc; ++i) {
            if (argv[i] == std::string_view("--test-chaos")) {
                how.chaos = true;
                continue;
            }
            if (argv[i] == std::string_view("--test-leak") && i + 1 < argc) {
                how.leak_after = std::stoull(argv[++i]);
                continue;
            }
            auto* into = chosen(how, argv[i]);
            if (into == nullptr) {
                rest.push_back(argv[i]);
                continue;
            }
            auto parsed = behaviour::parse(i + 1 < argc ? argv[i + 1] : "");
            if (!parsed) {
                std::fprintf(stderr, "muster: %s: %s\n", argv[i], parsed.error().c_str());
                return 2;
            }
            *into = std::move(*parsed);
            ++i;
        }
        const auto asked = config::parse(static_cast<int>(rest.size()), rest.data(), config::process_environment());
        if (!asked) {
            std::fprintf(stderr, "%s\n", asked.error().message.c_str());
            return 2;
        }
        if (asked->command != config::command::serve) {
            return muster::server::run_command(*asked, {.migrations = muster::tests::migrations()});
        }
        const auto& settings = asked->settings;
        return muster::server::serve(settings, {.sources =
                                                    [&](muster::upstream::sources real) {
                                                        return muster::tests::misbehave(std::move(real), std::move(how),
                                                                                        settings);
                                                    },
                                                .routes = muster::tests::add_test_routes});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "muster: %s\n", error.what());
        return 1;
    }
}
