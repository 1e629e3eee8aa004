// server/: see commands.hpp.
#include "server/commands.hpp"

#include "server/health_check.hpp"

#include <chrono>
#include <cstdio>

namespace muster::server {

namespace {

constexpr std::chrono::milliseconds health_limit{2'000};

int print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
}

int health(const config::parsed& asked) {
    const auto answer = ask_health(health_endpoint(asked.settings), asked.ready, health_limit);
    if (answer.ok) {
        print(answer.line + '\n'); // healthy, whoever may have closed the output
        return 0;
    }
    std::fprintf(stderr, "muster: %s\n", answer.line.c_str());
    return 1;
}

} // namespace

int run_command(const config::parsed& asked) {
    switch (asked.command) {
    case config::command::health:
        return health(asked);
    case config::command::help:
    case config::command::version:
        return print(asked.text);
    default:
        std::fprintf(stderr, "muster: this command is not there yet\n");
        return 1;
    }
}

} // namespace muster::server
