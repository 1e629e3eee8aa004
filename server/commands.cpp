// server/: see commands.hpp.
#include "server/commands.hpp"

#include "server/command_io.hpp"
#include "server/health_check.hpp"
#include "server/import_report.hpp"
#include "server/limits.hpp"
#include "server/signals.hpp"
#include "server/stop_signals.hpp"
#include "upstream/database_file.hpp"
#include "upstream/people_export.hpp"
#include "upstream/people_import.hpp"
#include "upstream/sqlite_database.hpp"
#include "views/documents.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace muster::server {

namespace {

constexpr std::chrono::milliseconds health_limit{2'000};
constexpr std::uint64_t most_bad_lines_told = 20;
constexpr std::chrono::milliseconds between_progress_lines{200};
constexpr std::uint64_t lines_between_looks = 128; // at the clock
constexpr int exit_skipped_lines = 4;

void tell(const std::string& line) {
    std::fprintf(stderr, "muster: %s\n", line.c_str());
}

/// Whether it could be written; if not, standard error says why.
bool print(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) {
        return true;
    }
    tell(std::string("standard output: ") + std::strerror(errno));
    return false;
}

int health(const config::parsed& asked) {
    ignore_signals_of_writes(); // healthy, whoever may have closed the output
    const auto answer = ask_health(health_endpoint(asked.settings), asked.ready, health_limit);
    if (answer.ok) {
        print(answer.line + '\n');
        return 0;
    }
    tell(answer.line);
    return 1;
}

/// Runs `work`; a signal ends it with 128+n and `what_is_left` as the line that says so.
template <class Work>
int until_stopped(stop_signals& stop, const std::string& what_is_left, const Work& work) {
    try {
        try {
            return work();
        } catch (const upstream::job_interrupted&) {
            throw stopped_by_signal{};
        }
    } catch (const stopped_by_signal&) {
        const int signal = stop.take();
        tell(name_of_signal(signal) + ": " + what_is_left);
        return 128 + signal;
    } catch (const output_closed&) {
        return 128 + SIGPIPE; // as if the signal had ended us: who closed it knows
    }
}

/// What is told on the way of an import, and when.
class import_teller {
  public:
    import_teller(const command_input& input, const upstream::line_reader& lines) : input_(input), lines_(lines) {}

    void bad(const upstream::bad_line& line) {
        if (++bad_ <= most_bad_lines_told) {
            wipe();
            tell(sentence_of(input_.name(), line));
        }
    }

    void progress(const upstream::import_counts& counts) {
        if (!terminal_ || counts.people % lines_between_looks != 0) {
            return;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now - shown_at_ < between_progress_lines) {
            return;
        }
        shown_at_ = now;
        shown_ = true;
        std::fprintf(stderr, "\r\x1b[K%s", progress_of(counts, took(), lines_.bytes(), input_.size()).c_str());
        std::fflush(stderr);
    }

    void end() {
        wipe();
        if (bad_ > most_bad_lines_told) {
            tell("and " + std::to_string(bad_ - most_bad_lines_told) + " more bad lines");
        }
    }

    void wipe() {
        if (shown_) {
            std::fputs("\r\x1b[K", stderr);
            shown_ = false;
        }
    }

    [[nodiscard]] import_time took() const { return std::chrono::steady_clock::now() - began_; }

  private:
    const command_input& input_;
    const upstream::line_reader& lines_;
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    std::uint64_t bad_ = 0;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_at_ = began_;
};

int import_people(const config::parsed& asked, stop_signals& stop) {
    command_input input(asked.file, stop);
    upstream::line_reader lines([&](std::span<char> into) { return input.read(into); }, upstream::longest_person_line);
    import_teller teller(input, lines);
    const upstream::import_options options{
        .keep_going = asked.keep_going,
        .stop = [&] { return stop.asked(); },
        .on_bad = [&](const upstream::bad_line& line) { teller.bad(line); },
        .on_line = [&](const upstream::import_counts& counts) { teller.progress(counts); }};
    const auto& path = asked.settings.users.url.path;
    try {
        const auto result = upstream::import_people(path, lines, options);
        teller.end();
        if (!result.changed) {
            tell(path + ": nothing was changed: " + std::to_string(result.counts.bad) +
                 (result.counts.bad == 1 ? " bad line" : " bad lines") + " (--keep-going skips them)");
            return 1;
        }
        print(path + ": " + summary_of(result.counts, teller.took()) + '\n'); // it is done, whether that is read or not
        return result.counts.bad > 0 ? exit_skipped_lines : 0;
    } catch (...) {
        teller.wipe();
        throw;
    }
}

int export_people(const config::parsed& asked, stop_signals& stop) {
    command_output output(stop);
    const auto& path = asked.settings.users.url.path;
    std::string line;
    upstream::export_people(
        path, [&] { return stop.asked(); },
        [&](const upstream::person& who) {
            line.clear();
            views::append_json(line, views::user_document{who.who, who.about, who.posts});
            if (line.size() > upstream::longest_person_line) {
                upstream::refuse_database(path, "user " + std::to_string(static_cast<std::int64_t>(who.who.id)) +
                                                    " cannot be written: the line would be longer than the " +
                                                    std::to_string(upstream::longest_person_line) +
                                                    " bytes that an import takes");
            }
            line += '\n';
            output.write(line);
        });
    output.flush();
    return 0;
}

int migrate(const config::parsed& asked, stop_signals& stop, std::span<const upstream::migration> steps) {
    const auto& path = asked.settings.users.url.path;
    const auto done = upstream::migrate_database(path, steps, [&] { return stop.asked(); });
    print(path + (done.from == done.to ? ": is of schema " + std::to_string(done.to) + " already\n"
                                       : ": upgraded from schema " + std::to_string(done.from) + " to " +
                                             std::to_string(done.to) + '\n'));
    return 0;
}

int work_on_database(const config::parsed& asked, const command_extras& extras) {
    stop_signals stop;
    ignore_signals_of_writes();
    switch (asked.command) {
    case config::command::import_people:
        return until_stopped(stop, "nothing was changed", [&] { return import_people(asked, stop); });
    case config::command::export_people:
        return until_stopped(stop, "the export is not complete", [&] { return export_people(asked, stop); });
    default:
        return until_stopped(stop, "nothing was changed", [&] { return migrate(asked, stop, extras.migrations); });
    }
}

} // namespace

int run_command(const config::parsed& asked, const command_extras& extras) {
    switch (asked.command) {
    case config::command::health:
        return health(asked);
    case config::command::import_people:
    case config::command::export_people:
    case config::command::migrate:
        return work_on_database(asked, extras);
    default:
        return print(asked.text) ? 0 : 1;
    }
}

} // namespace muster::server
