// server/: the muster executable: what was asked for, then doing it.
#include "config/command_line.hpp"
#include "server/application.hpp"
#include "server/commands.hpp"
#include "server/limits.hpp"
#include "server/ready_write.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    namespace config = muster::config;
    muster::server::fill_standard_streams();
    try {
        const auto asked = config::parse(argc, argv, config::process_environment());
        if (!asked) {
            std::fprintf(stderr, "%s\n", asked.error().message.c_str());
            return 2;
        }
        for (const auto& warning : asked->warnings) {
            muster::server::write_now(STDERR_FILENO, "muster: warning: " + warning + '\n');
        }
        if (asked->command != config::command::serve) {
            return muster::server::run_command(*asked);
        }
        return muster::server::serve(asked->settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "muster: %s\n", error.what());
        return 1;
    }
}
