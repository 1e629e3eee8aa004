// syntax/: the chunked transfer coding (RFC 9112, section 7.1), taken off a body as it comes. Its extensions and
// trailers are checked, bounded and dropped: nothing here depends on them, and merging them would be a way around
// checks.
#pragma once

#include "syntax/field_lines.hpp"
#include "syntax/refused_message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::syntax {

struct chunk_limits {
    std::size_t body = 0;       ///< bytes of all chunks
    std::size_t extensions = 0; ///< bytes of all extensions
    std::size_t trailers = 0;   ///< bytes of all trailers
    std::size_t fields = 0;     ///< trailers
};

/// One body.
class chunked_body {
  public:
    explicit chunked_body(const chunk_limits& limits) noexcept : limits_(limits), trailers_(limits.fields) {}

    /// Takes what belongs to the body off the front of `bytes`, and appends the data of chunks to `body`. A fault is
    /// told at the first byte that makes it one.
    scanned feed(std::string_view& bytes, std::string& body);

    /// After `failed`.
    [[nodiscard]] const refused_message& failure() const noexcept { return failure_; }

  private:
    enum class place : std::uint8_t {
        size,
        element,       // behind a size or an extension's value: its end, or white space, or another extension
        before_semi,   // white space there
        before_name,   // behind a semicolon
        name,          // of an extension
        before_equals, // white space behind a name
        before_value,  // behind "="
        value,         // a token
        quoted,        // a quoted string
        quoted_pair,   // behind a backslash in it
        size_lf,
        data,
        data_cr,
        data_lf,
        trailers,
    };

    bool header_byte(char c);
    bool extension_byte(char c);
    bool end_of_header(char c, std::size_t taken);
    bool to(place next) noexcept;
    bool fail(int status, std::string detail);
    bool malformed(char c);

    chunk_limits limits_;
    field_lines trailers_;
    std::uint64_t size_ = 0; // of this chunk, then what is left of it
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
    int digits_ = 0;
    place place_ = place::size;
    refused_message failure_;
};

} // namespace muster::syntax
