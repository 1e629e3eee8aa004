// server/: see logging.hpp.
#include "server/logging.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/details/fmt_helper.h>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <utility>

namespace muster::server {

namespace {

std::string utc(std::chrono::system_clock::time_point time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm t{};
    ::gmtime_r(&seconds, &t);
    std::array<char, 40> text{};
    const auto n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &t);
    std::snprintf(text.data() + n, text.size() - n, ".%03dZ", static_cast<int>(ms % 1000));
    return text.data();
}

std::string_view view(spdlog::string_view_t text) noexcept {
    return {text.data(), text.size()};
}

class json_formatter final : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto line =
            json_line(utc(message.time), view(spdlog::level::to_string_view(message.level)), view(message.payload)) +
            "\n";
        out.append(line.data(), line.data() + line.size());
    }

    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<json_formatter>();
    }
};

class text_formatter final : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto safe = printable(view(message.payload));
        auto escaped = message;
        escaped.payload = safe;
        pattern_.format(escaped, out);
    }

    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<text_formatter>();
    }

  private:
    spdlog::pattern_formatter pattern_{"%Y-%m-%d %H:%M:%S.%e %-5l %v"};
};

std::unique_ptr<spdlog::formatter> formatter_of(config::log_format format) {
    const bool json =
        format == config::log_format::json || (format == config::log_format::automatic && ::isatty(STDERR_FILENO) == 0);
    if (json) {
        return std::make_unique<json_formatter>();
    }
    return std::make_unique<text_formatter>();
}

class queue_sink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit queue_sink(std::shared_ptr<log_queue> to) : to_(std::move(to)) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        auto cut = message;
        cut.payload = {message.payload.data(), std::min(message.payload.size(), longest_message)};
        spdlog::memory_buf_t line;
        formatter_->format(cut, line);
        to_->put({line.data(), line.size()});
    }

    void flush_() override {}

  private:
    static constexpr std::size_t longest_message = 8'192;

    std::shared_ptr<log_queue> to_;
};

spdlog::level::level_enum level_of(config::log_level level) noexcept {
    switch (level) {
    case config::log_level::trace:
        return spdlog::level::trace;
    case config::log_level::debug:
        return spdlog::level::debug;
    case config::log_level::info:
        return spdlog::level::info;
    case config::log_level::warn:
        return spdlog::level::warn;
    case config::log_level::error:
        return spdlog::level::err;
    }
    return spdlog::level::info;
}

} // namespace

std::string printable(std::string_view message) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(message.size());
    for (const char c : message) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            text += c;
        } else {
            text += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return text;
}

std::string json_line(std::string_view time, std::string_view level, std::string_view message) {
    const nlohmann::ordered_json line{{"time", time}, {"level", level}, {"message", message}};
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::shared_ptr<log_queue> make_log_queue(config::log_format format) {
    std::shared_ptr<spdlog::formatter> formatter = formatter_of(format);
    return std::make_shared<log_queue>(STDERR_FILENO, [formatter](const std::string& message) {
        spdlog::memory_buf_t line;
        formatter->format({"muster", spdlog::level::warn, message}, line);
        return std::string(line.data(), line.size());
    });
}

std::shared_ptr<spdlog::logger> make_logger(config::log_level level, config::log_format format,
                                            std::shared_ptr<log_queue> to) {
    auto log = std::make_shared<spdlog::logger>("muster", std::make_shared<queue_sink>(std::move(to)));
    log->set_formatter(formatter_of(format));
    log->set_level(level_of(level));
    return log;
}

} // namespace muster::server
