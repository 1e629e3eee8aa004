// views/: data in, text out. The writer under every JSON document: it appends to a std::string that the caller owns
// and keeps no tree of its own, so that a document costs one buffer and one pass.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::views {

/// Appends `text` to `out` as a JSON string with its quotes (RFC 8259, section 7). UTF-8 is kept as it is; every
/// ill-formed part becomes one U+FFFD (a maximal subpart, as Unicode 3.9 and WHATWG have it), so the result is always
/// well-formed. Escaped: the quote, the backslash and U+0000 .. U+001F.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON value from front to back and sets the commas. The caller balances begin and end and writes a key
/// before every value of an object: the calls are not checked. The buffer outlives the writer; on std::bad_alloc it
/// holds the beginning of a document.
class json_writer {
  public:
    explicit json_writer(std::string& out) noexcept : out_(out) {}

    json_writer& begin_object() { return open('{'); }

    json_writer& end_object() { return close('}'); }

    json_writer& begin_array() { return open('['); }

    json_writer& end_array() { return close(']'); }

    /// The name of the next member.
    json_writer& key(std::string_view name);

    json_writer& string(std::string_view text);
    json_writer& number(std::int64_t value); ///< exact, also beyond the 2^53 that JavaScript can hold
    json_writer& boolean(bool value);
    json_writer& null();

    /// A value that is JSON already; it is not looked at.
    json_writer& raw(std::string_view json);

    /// Seconds since the Unix epoch as an RFC 3339 string in UTC, "2024-05-01T12:00:00Z"; null outside the years
    /// 0001 .. 9999, which RFC 3339 cannot say.
    json_writer& timestamp(std::int64_t unix_seconds);

  private:
    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void separate();

    std::string& out_;
    bool comma_ = false; // a value came before on this level
};

} // namespace muster::views
