// syntax/: the syntax of a block of field lines, of a head or of trailers, checked byte by byte as it comes and
// stricter than Beast does. Knows no names: see server/head_scan and
// chunked_body for what stands around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::syntax {

/// What a scanner of bytes says. It depends on the bytes alone, never on where they were cut.
enum class scanned : std::uint8_t { need_more, complete, failed };

/// field-line = field-name ":" OWS field-value OWS CRLF (RFC 9112, section 5), and the empty line behind the last.
class field_lines {
  public:
    enum class fault : std::uint8_t {
        none,
        too_many,
        leading_space, ///< before the first line (RFC 9112, section 2.2)
        fold,          ///< a line that begins with white space goes on with the value before it (section 5.2)
        empty_name,
        space_in_name, ///< also between the name and its colon (section 5.1)
        bad_name,
        no_colon,
        bad_value, ///< a control character
        bare_cr,
        bare_lf,
    };

    /// At most `most` lines.
    explicit field_lines(std::size_t most) noexcept : most_(most) {}

    /// Goes on at bytes[at] and moves `at`: to the end of `bytes`, behind the empty line, or to the byte that is wrong.
    scanned scan(std::string_view bytes, std::size_t& at) noexcept;

    /// After `failed`: the fault as the end of a sentence that tells of `whose`, "a header field" or "a trailer field".
    [[nodiscard]] std::string sentence(std::string_view whose) const;

    [[nodiscard]] fault what() const noexcept { return fault_; }

  private:
    enum class place : std::uint8_t { line, name, value, value_lf, end_lf };

    scanned fail(fault what, char byte) noexcept;

    std::size_t most_;
    std::size_t lines_ = 0;
    place place_ = place::line;
    fault fault_ = fault::none;
    char byte_ = 0; // that is wrong
};

/// A byte for people: "'x'", "NUL", "a bare CR", "byte 0x1B".
[[nodiscard]] std::string shown_byte(char c);

} // namespace muster::syntax
