// server/: the application's log: as text on a terminal and as JSON lines elsewhere, by way of a log_queue.
#pragma once

#include "config/settings.hpp"
#include "server/log_queue.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace muster::server {

/// The way to standard error; a format that is automatic depends on that.
[[nodiscard]] std::shared_ptr<log_queue> make_log_queue(config::log_format format);

/// Safe from every thread; never waits. A message is cut at 8 KiB.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_logger(config::log_level level, config::log_format format,
                                                          std::shared_ptr<log_queue> to);

/// `message` as one line that a terminal cannot take for commands: bytes below 0x20, of 0x7f and above as \xNN. Pure.
[[nodiscard]] std::string printable(std::string_view message);

/// One line of the JSON form, without its end: {"time":"2024-05-01T12:00:00.123Z","level":"info","message":...}. Pure.
[[nodiscard]] std::string json_line(std::string_view time, std::string_view level, std::string_view message);

} // namespace muster::server
