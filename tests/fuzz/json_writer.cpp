// tests/fuzz: the writer under every JSON document. An input is a list of orders to it; what they make must be read
// back as what they said by two parsers that know nothing of it, ill-formed UTF-8 being U+FFFD.
#include "views/json_writer.hpp"

#include "tests/fuzz/check.hpp"
#include "tests/fuzz/utf8.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

namespace {

// What was ordered. A list of members, not a map: names may come twice.
struct node {
    enum class type { null, boolean, number, text, list, object } is = type::null;
    bool on = false;
    std::int64_t number = 0;
    std::string text;
    std::vector<std::string> names; // of an object's members
    std::vector<node> members;
};

std::string time_text(std::int64_t seconds) {
    const std::chrono::sys_seconds moment{std::chrono::seconds{seconds}};
    const auto midnight = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss clock{moment - midnight};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

class orders {
  public:
    explicit orders(std::string_view bytes) : rest_(bytes) {}

    bool done() const { return rest_.empty(); }

    std::uint8_t byte() {
        if (rest_.empty()) {
            return 0;
        }
        const auto first = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }

    // Up to a NUL, or as long as the next byte says.
    std::string_view text() {
        const std::size_t length = byte();
        const auto taken = rest_.substr(0, length < 0xf0 ? length : rest_.find('\0'));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::int64_t number() {
        std::uint64_t value = 0;
        for (int i = byte() % 9; i > 0; --i) {
            value = value << 8U | byte();
        }
        return static_cast<std::int64_t>(value);
    }

  private:
    std::string_view rest_;
};

// Tells the writer, and writes down what it was told.
node write(views::json_writer& writer, orders& from, int depth) {
    node made;
    switch (from.byte() % 8) {
    case 0:
        writer.null();
        break;
    case 1:
        made.is = node::type::boolean;
        made.on = from.byte() % 2 != 0;
        writer.boolean(made.on);
        break;
    case 2:
        made.is = node::type::number;
        made.number = from.number();
        writer.number(made.number);
        break;
    case 3:
    case 4: {
        made.is = node::type::text;
        const auto text = from.text();
        made.text = mended_utf8(text);
        writer.string(text);
        break;
    }
    case 5: {
        const auto seconds = from.number();
        writer.timestamp(seconds);
        if (seconds >= -62'135'596'800 && seconds <= 253'402'300'799) {
            made.is = node::type::text;
            made.text = time_text(seconds);
        }
        break;
    }
    case 6:
        made.is = node::type::list;
        writer.begin_array();
        for (auto n = from.byte() % 8; n > 0 && depth < 12 && !from.done(); --n) {
            made.members.push_back(write(writer, from, depth + 1));
        }
        writer.end_array();
        break;
    default:
        made.is = node::type::object;
        writer.begin_object();
        for (auto n = from.byte() % 8; n > 0 && depth < 12 && !from.done(); --n) {
            const auto name = from.text();
            writer.key(name);
            made.names.push_back(mended_utf8(name));
            made.members.push_back(write(writer, from, depth + 1));
        }
        writer.end_object();
        break;
    }
    return made;
}

bool same(const node& said, simdjson::dom::element read) {
    switch (said.is) {
    case node::type::null:
        return read.is_null();
    case node::type::boolean:
        return read.is_bool() && read.get_bool().value_unsafe() == said.on;
    case node::type::number:
        return read.is_int64() && read.get_int64().value_unsafe() == said.number;
    case node::type::text:
        return read.is_string() && read.get_string().value_unsafe() == said.text;
    case node::type::list: {
        if (!read.is_array()) {
            return false;
        }
        std::size_t i = 0;
        for (const auto each : simdjson::dom::array(read)) {
            if (i == said.members.size() || !same(said.members[i++], each)) {
                return false;
            }
        }
        return i == said.members.size();
    }
    case node::type::object: {
        if (!read.is_object()) {
            return false;
        }
        std::size_t i = 0;
        for (const auto [name, value] : simdjson::dom::object(read)) {
            if (i == said.members.size() || name != said.names[i] || !same(said.members[i], value)) {
                return false;
            }
            ++i;
        }
        return i == said.members.size();
    }
    }
    return false;
}

void check(std::string_view bytes) {
    static simdjson::dom::parser parser;
    orders from(bytes);
    std::string text = "before ";
    views::json_writer writer(text);
    const auto said = write(writer, from, 0);
    require(text.starts_with("before "), "what was there before is not there any more", text);
    text.erase(0, 7);
    require(nlohmann::json::accept(text), "one parser does not take what was written", text);
    simdjson::dom::element root;
    require(parser.parse(text).get(root) == simdjson::SUCCESS, "the other parser does not take what was written", text);
    require(same(said, root), "what was read is not what was said", text);
    for (const char c : text) {
        require(static_cast<unsigned char>(c) >= 0x20, "a control character stands in the document", text);
    }
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    muster::fuzz::check({reinterpret_cast<const char*>(data), size});
    return 0;
}
