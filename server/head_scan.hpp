// server/: the syntax of a request's head, checked byte by byte as it comes, before Beast's parser sees it: that one
// lets through what RFC 9112 forbids, and says other things of a head that comes in pieces (docs/decisions/0010).
#pragma once

#include "syntax/field_lines.hpp"
#include "syntax/refused_message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::server {

struct head_limits {
    std::size_t head = 0;   ///< bytes up to the end of the empty line
    std::size_t target = 0; ///< of the request line
    std::size_t fields = 0;
};

/// Request line with its target, field lines, empty line. A fault is told at the first byte that makes it one; of
/// visible characters that make no target, at the end of the request line.
class head_scan {
  public:
    /// Longer than every method that this server, or any, knows: a longer one is a 501 (RFC 9112, section 3).
    static constexpr std::size_t longest_method = 32;

    explicit head_scan(const head_limits& limits) noexcept : limits_(limits), fields_(limits.fields) {}

    /// `bytes` begin with the request line's first; in each call there are those of the call before and more.
    syntax::scanned scan(std::string_view bytes);

    /// After `failed`.
    [[nodiscard]] const syntax::refused_message& failure() const noexcept { return failure_; }

    /// Bytes of the head so far (after `failed`: up to the fault); of all of it after `complete`.
    [[nodiscard]] std::size_t size() const noexcept { return at_; }

    /// Empty until it is there whole; of the same bytes.
    [[nodiscard]] std::string_view method(std::string_view bytes) const noexcept;
    [[nodiscard]] std::string_view target(std::string_view bytes) const noexcept;

    /// After `failed`: as far as it came before the fault, for the log.
    [[nodiscard]] std::string_view target_so_far(std::string_view bytes) const noexcept;

    /// Bytes of the request line with its line end; 0 before that.
    [[nodiscard]] std::size_t line_size() const noexcept { return line_size_; }

    /// The digit behind "HTTP/1.", once there is a request line.
    [[nodiscard]] int minor_version() const noexcept { return minor_; }

  private:
    enum class place : std::uint8_t { method, target, version, line_lf, fields };

    syntax::scanned scan_line(std::string_view bytes);
    syntax::scanned scan_version(char c);
    syntax::scanned check_line(std::string_view bytes);
    syntax::scanned too_large(std::string_view bytes);
    syntax::scanned fail(int status, std::string detail);
    [[nodiscard]] syntax::scanned bad_fields(std::string_view bytes);

    head_limits limits_;
    syntax::field_lines fields_;
    std::size_t at_ = 0;
    std::size_t method_size_ = 0;
    std::size_t target_size_ = 0;
    std::size_t line_size_ = 0;
    int major_ = 0;
    int minor_ = 0;
    place place_ = place::method;
    syntax::refused_message failure_;
};

} // namespace muster::server
