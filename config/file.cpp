// config/: nlohmann's event parser builds the tree; its DOM knows no lines and takes a name that stands twice.
#include "config/file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace muster::config {
namespace {

using json = nlohmann::json;

/// Reads the text and tells how far the parser has come: its lexer looks at most one character ahead.
struct counting_iterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    const char* at;
    const char** reached;

    reference operator*() const { return *at; }

    counting_iterator& operator++() {
        *reached = ++at;
        return *this;
    }

    counting_iterator operator++(int) {
        auto before = *this;
        ++*this;
        return before;
    }

    bool operator==(const counting_iterator& other) const { return at == other.at; }
};

/// "3:14" for the byte at `offset`.
std::string place(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto start = before.rfind('\n');
    return std::to_string(line) + ':' + std::to_string(start == before.npos ? offset + 1 : offset - start);
}

/// The parser's own words without its prefix, and without the text it quotes, which may be a secret.
std::string reason(std::string message) {
    if (const auto column = message.find("column "); column != message.npos)
        if (const auto colon = message.find(": ", column); colon != message.npos)
            message.erase(0, colon + 2);
    if (const auto quoted = message.find("; last read: '"); quoted != message.npos)
        if (const auto end = message.rfind('\''); end > quoted)
            message.erase(quoted, end + 1 - quoted);
    return message;
}

class builder {
  public:
    builder(std::string_view text, const char* const& reached) : text_(text), reached_(reached) {}

    file_value& root() { return root_; }

    const std::string& error() const { return error_; }

    bool null() { return scalar(file_value::type::null, "null"); }

    bool boolean(bool value) { return scalar(file_value::type::boolean, value ? "true" : "false"); }

    bool number_integer(json::number_integer_t value) {
        return scalar(file_value::type::number, std::to_string(value));
    }

    bool number_unsigned(json::number_unsigned_t value) {
        return scalar(file_value::type::number, std::to_string(value));
    }

    bool number_float(json::number_float_t, const std::string& raw) { return scalar(file_value::type::number, raw); }

    bool string(std::string& value) { return scalar(file_value::type::text, value); }

    bool binary(json::binary_t&) { return fail("binary data"); }

    bool start_object(std::size_t) { return open(file_value::type::object); }

    bool end_object() { return close(); }

    bool start_array(std::size_t) { return open(file_value::type::list); }

    bool end_array() { return close(); }

    bool key(std::string& name) {
        name_ = name;
        name_line_ = line();
        for (const auto& member : open_.back()->members)
            if (member.name == name)
                return fail("\"" + name + "\" stands twice, first in line " + std::to_string(member.line));
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        const auto offset = std::min(position == 0 ? 0 : position - 1, text_.size());
        error_ = place(text_, offset) + ": " + reason(error.what());
        return false;
    }

  private:
    std::size_t offset() const { return static_cast<std::size_t>(reached_ - text_.data()); }

    int line() const { return 1 + static_cast<int>(std::ranges::count(text_.substr(0, offset()), '\n')); }

    bool fail(const std::string& why) {
        error_ = place(text_, offset() == 0 ? 0 : offset() - 1) + ": " + why;
        return false;
    }

    /// The new value's place in the tree; pointers to open values stay good, since only the innermost one grows.
    file_value& add(file_value::type is) {
        auto& value = open_.empty() ? root_ : open_.back()->members.emplace_back();
        const bool named = !open_.empty() && open_.back()->is == file_value::type::object;
        value.is = is;
        value.line = named ? name_line_ : line();
        if (named)
            value.name = name_;
        return value;
    }

    bool scalar(file_value::type is, std::string text) {
        if (open_.empty())
            return fail("the file must hold an object: { ... }");
        add(is).text = std::move(text);
        return true;
    }

    bool open(file_value::type is) {
        constexpr std::size_t deepest = 8; // nothing that can be set lies deeper than 3
        if (open_.size() == deepest)
            return fail("nested too deeply");
        if (open_.empty() && is != file_value::type::object)
            return fail("the file must hold an object: { ... }");
        open_.push_back(&add(is));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    const char* const& reached_;
    file_value root_;
    std::vector<file_value*> open_;
    std::string name_;
    int name_line_ = 0;
    std::string error_;
};

} // namespace

std::expected<std::string, std::string> read_whole_file(const std::string& name) {
    constexpr std::size_t largest = 1024 * 1024;
    std::error_code error;
    const auto status = std::filesystem::status(name, error);
    if (!std::filesystem::exists(status))
        return std::unexpected{"cannot be read: " + (error ? error.message() : std::strerror(ENOENT))};
    if (!std::filesystem::is_regular_file(status)) // a directory, or a pipe that nobody writes to
        return std::unexpected{std::string{"is not a regular file"}};

    errno = 0;
    std::ifstream file{name, std::ios::binary};
    std::string text(largest + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || !file.is_open())
        return std::unexpected{std::string{"cannot be read: "} + std::strerror(errno)};
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > largest)
        return std::unexpected{std::string{"is larger than 1 MiB"}};
    return text;
}

std::expected<file_value, std::string> parse_file(std::string_view text) {
    const char* reached = text.data();
    builder events{text, reached};
    constexpr bool whole = true;
    constexpr bool comments = true;
    const counting_iterator begin{text.data(), &reached};
    const counting_iterator end{text.data() + text.size(), &reached};
    if (!json::sax_parse(begin, end, &events, json::input_format_t::json, whole, comments))
        return std::unexpected{events.error()};
    return std::move(events.root());
}

} // namespace muster::config
