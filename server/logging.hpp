// server/: the log: to standard error, as text on a terminal and as JSON lines elsewhere.
#pragma once

#include "config/settings.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace muster::server {

/// Safe from every thread; writes each line at once.
[[nodiscard]] std::shared_ptr<spdlog::logger> make_logger(config::log_level level, config::log_format format);

/// `message` as one line that a terminal cannot take for commands: bytes below 0x20, of 0x7f and above as \xNN. Pure.
[[nodiscard]] std::string printable(std::string_view message);

/// One line of the JSON form, without its end: {"time":"2024-05-01T12:00:00.123Z","level":"info","message":...}. Pure.
[[nodiscard]] std::string json_line(std::string_view time, std::string_view level, std::string_view message);

} // namespace muster::server
