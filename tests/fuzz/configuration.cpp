// tests/fuzz: the text of a configuration file. Every error is one line that names a key and a place in the file; what
// is taken is taken again, with the same settings, when it is written another way; and whatever a setting is printed as
// is read back as the same.
#include "config/address.hpp"
#include "config/duration.hpp"
#include "config/file.hpp"
#include "config/file_settings.hpp"
#include "config/keys.hpp"
#include "config/network.hpp"
#include "config/policies.hpp"
#include "config/scalar.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

namespace {

using config::file_value;
using type = file_value::type;

constexpr const char* file_name = "m.json";

// "12" of "12:3: why" and of "12)"; 0 if there is none.
std::size_t number_at(std::string_view text, std::size_t at) {
    std::size_t number = 0;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
        number = number * 10 + static_cast<std::size_t>(text[at] - '0');
    }
    return number;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    for (;;) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == text.npos) {
            return lines;
        }
        text.remove_prefix(end + 1);
    }
}

void check_one_line(std::string_view error) {
    require(std::ranges::none_of(error, [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
            "an error holds a control character", error);
    require(error.size() < 2000, "an error is longer than anybody reads", error);
}

// "3:14: why", of a file that is no JSON.
void check_parse_error(std::string_view error, std::string_view text) {
    check_one_line(error);
    const auto colon = error.find(':');
    const auto second = colon == error.npos ? colon : error.find(": ", colon + 1);
    require(second != error.npos && second + 2 < error.size(), "an error without place or reason", error);
    const auto line = number_at(error, 0);
    const auto column = number_at(error, colon + 1);
    const auto lines = lines_of(text);
    require(line >= 1 && line <= lines.size(), "an error names a line that is not there", error, text);
    require(column >= 1 && column <= lines[line - 1].size() + 1, "an error names a byte that is not there", error,
            text);
}

// `key = value (m.json:3): why` or `key (m.json:3): why`.
void check_error(std::string_view error, const file_value& root, std::string_view text) {
    check_one_line(error);
    // Keys and values may look like a place themselves; the real one comes after what they are shown as.
    const std::string place = std::string(" (") + file_name + ':';
    bool found = false;
    for (auto at = error.find(place); at != error.npos && !found; at = error.find(place, at + 1)) {
        const auto line = number_at(error, at + place.size());
        found = line >= 1 && line <= lines_of(text).size() && error.find("): ", at) != error.npos;
    }
    require(found, "an error names no place in the file", error, text);
    const bool named = std::ranges::any_of(root.members, [&](const file_value& each) {
        auto name = config::shown_value(each.name);
        if (name.starts_with('"') && name.size() > 1) {
            name = name.substr(1, name.size() - 2); // the whole path stands in quotes then
        }
        const auto path = error.starts_with('"') ? error.substr(1) : error;
        return path.starts_with(std::string_view(name).substr(0, 100));
    });
    require(named, "an error names no key of the file", error, text);
}

// Any text as JSON, all that may be escaped being so.
std::string in_quotes(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            constexpr std::string_view digits = "0123456789ABCDEF";
            made += "\\u00";
            made += digits[byte >> 4];
            made += digits[byte & 15];
        } else {
            made += c;
        }
    }
    return made + '"';
}

std::string written(const file_value& value) {
    switch (value.is) {
    case type::null:
    case type::boolean:
    case type::number:
        return value.text;
    case type::text:
        return in_quotes(value.text);
    case type::list:
    case type::object:
        break;
    }
    const bool object = value.is == type::object;
    std::string text = object ? "/* { */\r\n{" : "[\t";
    for (const auto& each : value.members) {
        if (&each != &value.members.front()) {
            text += " // \",\n ,";
        }
        text += (object ? in_quotes(each.name) + "\n:\n" : "") + written(each);
    }
    return text + (object ? "}" : "]");
}

bool same(const file_value& a, const file_value& b) {
    return a.is == b.is && a.name == b.name && a.text == b.text && std::ranges::equal(a.members, b.members, same);
}

bool lines_rise(const file_value& value, int lines) {
    return value.line >= 1 && value.line <= lines && std::ranges::all_of(value.members, [&](const file_value& each) {
               return each.line >= value.line && lines_rise(each, lines);
           });
}

void check_printed(const config::settings& all) {
    for (const auto limit :
         {all.timeout, all.read_timeout, all.write_timeout, all.idle_timeout, config::drain_time(all)}) {
        require(config::parse_duration(config::to_string(limit), std::chrono::milliseconds{0}) == limit ||
                    limit > config::longest_duration,
                "a duration is printed as another", config::to_string(limit));
    }
    for (const auto& where : all.listen) {
        require(config::parse_endpoint(config::to_string(where)) == where, "an address is printed as another",
                config::to_string(where));
    }
    require(!all.admin || config::parse_endpoint(config::to_string(*all.admin)) == *all.admin,
            "an address is printed as another");
    for (const auto& each : all.trusted.networks) {
        require(config::parse_ip(config::to_string(each.address)) == each.address, "a network is printed as another",
                config::to_string(each.address));
        require(each.contains(each.address), "a network does not hold its own address",
                config::to_string(each.address));
    }
}

// What messages say of it differs with the lines.
config::settings without_places(config::settings all) {
    for (auto& each : all.routes) {
        each.given_as.clear();
    }
    for (auto* source : {&all.users, &all.profiles, &all.posts}) {
        for (auto& each : source->given) {
            each.given_as.clear();
        }
    }
    return all;
}

void read(std::string_view text) {
    const auto root = config::parse_file(text);
    if (!root) {
        check_parse_error(root.error(), text);
        config::settings untouched;
        const auto error = config::apply_text(untouched, text, file_name);
        require(error && *error == std::string(file_name) + ':' + root.error(), "two readers find different faults",
                root.error(), error.value_or("(none)"));
        return;
    }
    require(lines_rise(*root, static_cast<int>(lines_of(text).size())), "a value lies in a line where it cannot be",
            text);
    const auto again_text = written(*root);
    const auto again = config::parse_file(again_text);
    require(again.has_value(), "what was read cannot be read when it is written another way", again_text,
            again ? std::string{} : again.error());
    require(same(*root, *again), "what was read is another thing when it is written another way", text, again_text);

    config::settings all;
    const auto error = config::apply_text(all, text, file_name);
    config::settings all_again;
    const auto error_again = config::apply_text(all_again, again_text, file_name);
    require(error.has_value() == error_again.has_value(), "taken one way, refused the other", error.value_or("(taken)"),
            error_again.value_or("(taken)"));
    if (error) {
        check_error(*error, *root, text);
        return;
    }
    require(without_places(all) == without_places(all_again), "other settings when they are written another way", text,
            again_text);
    check_printed(all);
    const auto unfit = config::check_policies(all);
    require(unfit.has_value() == config::check_policies(all_again).has_value(), "policies fit one way, not the other",
            text, again_text);
    if (unfit) {
        check_error(*unfit, *root, text);
    }
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    muster::fuzz::read({reinterpret_cast<const char*>(data), size});
    return 0;
}
