// server/: a request record as one line of the access log, text or JSON. Pure.
#pragma once

#include "server/request_record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::server {

/// What a record's texts may be long: of targets see request_record; ids, peers and methods are cut here.
inline constexpr std::size_t longest_log_word = 80;

/// `text` as printable ASCII without spaces, at most `longest` of it: other bytes, and the backslash, as \xNN.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t longest);

/// A target without its user information (RFC 3986, 3.2.1): what stands between "//" and "@" of its authority is "***".
/// So is what does not begin with "/" and has no "//": CONNECT's target. One that was cut inside its authority may have
/// lost its "@": of that nothing but the scheme is left.
[[nodiscard]] std::string masked_target(std::string_view target);

/// Writes lines; remembers the second it wrote last, since the next one is mostly in it. One thread at a time.
class access_lines {
  public:
    explicit access_lines(bool json) noexcept : json_(json) {}

    /// JSON: {"time":...,"request_id":...,"peer":...,"method":...,"route":...,"target":...,"status":...,"cause":...,
    /// "duration_ms":...,"bytes":...}; what is not known, and the cause of a plain answer, is null. Behind them, only
    /// if there is something to say, "budget_ms":... (the caller's) and "ignored":["grpc-timeout",...]. Text:
    /// "2024-05-01T12:00:00.123Z 499 client_gone 12.345 ms 0 B GET /user/1 route /user/{id} peer 127.0.0.1:4002 request
    /// r-1"; "-" for what is not known, so that the columns stay where they are. Behind them, only if there is
    /// something to say, " budget 250 ms" and " ignored grpc-timeout,Request-Timeout".
    void append(std::string& to, const request_record& record);

    /// The line that says that `n` records are missing.
    void append_dropped(std::string& to, std::chrono::system_clock::time_point now, std::uint64_t n);

  private:
    void append_time(std::string& to, std::chrono::system_clock::time_point time);

    bool json_;
    std::int64_t second_ = -1;
    std::string date_; // of that second: "2024-05-01T12:00:00"
};

} // namespace muster::server
