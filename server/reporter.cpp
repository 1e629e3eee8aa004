// server/: see reporter.hpp.
#include "server/reporter.hpp"

#include "server/access_line.hpp"
#include "server/log_output.hpp"
#include "server/record_queue.hpp"

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace muster::server {

namespace {

std::shared_ptr<log_output> open_access_log(const std::string& where) {
    if (where == "-") {
        return std::make_shared<log_output>(STDOUT_FILENO, "standard output");
    }
    auto file = std::make_shared<log_output>(where);
    if (const int error = file->open(); error != 0 && error != ENXIO) {
        throw std::runtime_error("the access log " + where +
                                 " cannot be opened: " + std::generic_category().message(error));
    }
    return file;
}

bool is_json(const config::settings& settings) {
    switch (settings.format) {
    case config::log_format::json:
        return true;
    case config::log_format::text:
        return false;
    case config::log_format::automatic:
        break;
    }
    return settings.access_log != "-" || ::isatty(STDOUT_FILENO) == 0;
}

void say_last_words(spdlog::logger& log, log_status status, bool hangs) {
    if (hangs) {
        status.why = "a write to it does not return";
    }
    if (const auto words = last_words_of(status); !words.empty()) {
        log.error("{}", words);
    }
}

} // namespace

// The queues of all loops as one source, a few records of each in turn.
class reporter::records final : public line_source {
  public:
    records(std::size_t loops, bool json) : lines_(json), loops_(loops) {}

    void listen(const std::shared_ptr<doorbell>& bell) {
        for (std::size_t i = 0; i != loops_; ++i) {
            queues_.push_back(std::make_unique<record_queue>(bell));
        }
    }

    [[nodiscard]] request_log* of(std::size_t index) const noexcept { return queues_[index].get(); }

    void take(std::string& to, std::size_t enough) override {
        constexpr int in_turn = 16;
        for (bool some = true; some && to.size() < enough;) {
            some = false;
            for (const auto& queue : queues_) {
                for (int i = 0; i != in_turn && to.size() < enough && queue->take(record_); ++i) {
                    lines_.append(to, record_);
                    some = true;
                }
            }
        }
    }

    void append_dropped(std::string& to, std::uint64_t n) override {
        lines_.append_dropped(to, std::chrono::system_clock::now(), n);
    }

    [[nodiscard]] std::uint64_t waiting() const noexcept override {
        std::uint64_t n = 0;
        for (const auto& queue : queues_) {
            n += queue->waiting();
        }
        return n;
    }

    [[nodiscard]] std::uint64_t dropped() const noexcept override {
        std::uint64_t n = 0;
        for (const auto& queue : queues_) {
            n += queue->dropped();
        }
        return n;
    }

  private:
    access_lines lines_;
    request_record record_;
    std::size_t loops_;
    std::vector<std::unique_ptr<record_queue>> queues_;
};

bool logs_to_a_file(const config::settings& settings) {
    return settings.access_log != "-" && settings.access_log != "off";
}

reporter::reporter(concurrency::loop& home, std::size_t loops, const config::settings& settings,
                   std::shared_ptr<log_queue> lines, spdlog::logger& log)
    : lines_(std::move(lines)),
      log_(log),
      log_writer_(home, "log", lines_, std::make_shared<log_output>(STDERR_FILENO, "standard error")) {
    if (settings.access_log == "off") {
        return;
    }
    records_ = std::make_shared<records>(loops, is_json(settings));
    access_writer_ = std::make_unique<log_writer>(home, "access log", records_, open_access_log(settings.access_log));
    records_->listen(access_writer_->bell());
}

reporter::~reporter() = default;

request_log* reporter::log_of(std::size_t index) const noexcept {
    return records_ ? records_->of(index) : nullptr;
}

void reporter::begin(concurrency::background& owner) {
    lines_->keep(log_writer_.bell());
    log_writer_.on_end([this](bool hangs) {
        if (hangs) {
            lines_->drop();
        } else {
            lines_->pass(log_writer_.output().torn());
        }
        say_last_words(log_, log_writer_.status(), hangs); // with what was lost on the way
    });
    owner.serve("log", [this](concurrency::service_call& call) { return log_writer_.run(call); }, log_writer::budget);
    if (access_writer_) {
        access_writer_->on_end([this](bool hangs) { say_last_words(log_, access_writer_->status(), hangs); });
        access_writer_->on_reopen([this](const log_status& status) {
            if (status.not_reopened.empty()) {
                log_.info("{} to {}: it is opened again", status.log, status.sink);
            } else {
                log_.error("{} to {}: it cannot be opened again: {}; lines go on into the old file", status.log,
                           status.sink, status.not_reopened);
            }
        });
        access_writer_->on_stuck([this](const log_status& status) {
            if (status.stuck) {
                log_.error("{} to {}: nothing can be written: {}; lines wait, and are lost once there is no more room",
                           status.log, status.sink, status.why);
            } else {
                log_.info("{} to {}: it is written again", status.log, status.sink);
            }
        });
        owner.serve(
            "reporter", [this](concurrency::service_call& call) { return access_writer_->run(call); },
            log_writer::budget);
    }
}

void reporter::reopen() {
    if (access_writer_) {
        access_writer_->output().reopen_soon();
        access_writer_->bell()->ring();
    }
}

void reporter::flush_now() {
    constexpr std::chrono::milliseconds longest{100};
    log_writer_.write_at_once(longest);
    if (access_writer_) {
        access_writer_->write_at_once(longest);
    }
}

std::vector<log_status> reporter::status() const {
    std::vector<log_status> all;
    if (access_writer_) {
        all.push_back(access_writer_->status());
    }
    all.push_back(log_writer_.status());
    return all;
}

} // namespace muster::server
