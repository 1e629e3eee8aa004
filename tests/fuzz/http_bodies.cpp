// tests/fuzz: the bodies that a source over HTTP answers. Byte 0 of an input says which of the three documents is asked
// for, byte 1 how many posts; the rest is the body. What is taken obeys the rules, says what another parser reads
// there, and written by views and parsed again it is the same; what lies behind a body, and what was read before,
// changes nothing; a complaint is one line without a word of the other side.
#include "upstream/http_bodies.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/utf8.hpp"
#include "upstream/person_rules.hpp"
#include "views/documents.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

namespace {

using nlohmann::json;
using upstream::bad_field;
using upstream::body_parser;
using upstream::padded_text;
using upstream::post;
using upstream::profile;
using upstream::user;
using upstream::user_id;

constexpr user_id who{7};

// A body with exactly what must be readable behind it, so that a sanitizer sees who reads on.
class padded {
  public:
    padded(std::string_view text, char behind)
        : bytes_(std::make_unique<char[]>(text.size() + padded_text::size)),
          size_(text.size()) {
        std::ranges::copy(text, bytes_.get());
        std::fill_n(bytes_.get() + size_, padded_text::size, behind);
    }

    [[nodiscard]] padded_text text() const { return {{bytes_.get(), size_}}; }

  private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

void check_text(std::string_view text, std::string_view body) {
    require(mended_utf8(text) == text, "a text was taken that is not UTF-8", body);
    require(text.find('\0') == text.npos, "a text was taken that holds a NUL", body);
}

void same_text(const json& value, std::string_view taken, std::string_view body) {
    require(value.is_string() && value.get_ref<const std::string&>() == taken, "a text is another to another parser",
            body, taken);
    check_text(taken, body);
}

void same_id(const json& value, std::int64_t taken, std::string_view body) {
    require(taken >= 1 && value.is_number_integer() && value.get<std::int64_t>() == taken,
            "an id is another to another parser, or none", body);
}

void same_time(const json& value, std::int64_t taken, std::string_view body) {
    require(value.is_string() && upstream::parse_time(value.get_ref<const std::string&>()) == taken,
            "a time is another to another parser", body);
    require(upstream::fault_of_time(taken).empty(), "a time was taken that cannot be written", body);
}

void check_model(const user& taken, const json& read, std::string_view body) {
    require(taken.id == who, "another's user was taken", body);
    same_id(read.at("id"), static_cast<std::int64_t>(taken.id), body);
    same_text(read.at("name"), taken.name, body);
    same_text(read.at("email"), taken.email, body);
    same_time(read.at("created_at"), taken.created_at, body);
}

void check_model(const profile& taken, const json& read, std::string_view body) {
    require(taken.user == who, "a profile is another's", body);
    same_text(read.at("bio"), taken.bio, body);
    same_text(read.at("location"), taken.location, body);
    same_text(read.at("website"), taken.website, body);
    same_text(read.at("language"), taken.language, body);
    require(upstream::fault_of_website(taken.website).empty(), "a website was taken that is none", body);
    require(upstream::fault_of_language(taken.language).empty(), "a language was taken that is none", body);
}

void check_model(const std::vector<post>& taken, const json& read, std::string_view body) {
    require(read.is_array() && read.size() == taken.size(), "there are more posts, or fewer", body);
    std::set<std::int64_t> ids;
    for (std::size_t i = 0; i != taken.size(); ++i) {
        const auto& each = taken[i];
        require(ids.insert(each.id).second, "two posts of one id", body);
        require(each.author == who, "a post is another's", body);
        const auto there = std::ranges::find_if(read, [&](const json& one) { return one.at("id") == each.id; });
        require(there != read.end(), "a post is none to another parser", body);
        same_id(there->at("id"), each.id, body);
        same_text(there->at("title"), each.title, body);
        same_text(there->at("body"), each.body, body);
        same_time(there->at("published_at"), each.published_at, body);
        require(i == 0 || taken[i - 1].published_at > each.published_at ||
                    (taken[i - 1].published_at == each.published_at && taken[i - 1].id > each.id),
                "posts are not the newest first", body);
    }
}

void check_fault(const bad_field& fault, std::string_view body) {
    require(!fault.reason.empty(), "a body is refused without a reason", body);
    const auto said = fault.field + ' ' + fault.reason;
    require(std::ranges::all_of(said, [](unsigned char c) { return c >= 0x20 && c < 0x7f; }) && said.size() < 200,
            "a complaint is not fit for a line of the log", said, body);
}

std::string written(const std::vector<post>& posts) {
    std::string text;
    views::append_json(text, std::span<const post>(posts));
    return text;
}

std::string written(const auto& model) {
    std::string text;
    views::append_json(text, model);
    return text;
}

template <class Parse>
void read(std::string_view body, Parse parse) {
    static body_parser used; // as a loop has it: one for all bodies
    body_parser fresh;
    const padded one(body, '\0');
    const padded other(body, ']');
    const auto taken = parse(used, one.text());
    const auto again = parse(fresh, other.text());
    require(taken == again, "what was read before, or lies behind a body, makes another thing of it", body);
    require(used.capacity() <= body_parser::largest_kept, "more is kept than is said", body);
    if (!taken) {
        check_fault(taken.error(), body);
        return;
    }
    const auto by_another = json::parse(body, nullptr, false);
    require(!by_another.is_discarded(), "a body is taken that is no JSON", body);
    check_model(*taken, by_another, body);
    const auto text = written(*taken);
    const padded once_more(text, '"');
    const auto reread = parse(used, once_more.text());
    require(reread.has_value(), "what views write is refused", text, reread ? "" : reread.error().reason);
    require(*reread == *taken, "what views write is read as another thing", body, text);
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace muster::fuzz;
    if (size < 2) {
        return -1;
    }
    const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t most = data[1];
    switch (data[0] % 3) {
    case 0:
        read(body, [](body_parser& parser, padded_text text) { return parser.parse_user(text, who); });
        break;
    case 1:
        read(body, [](body_parser& parser, padded_text text) { return parser.parse_profile(text, who); });
        break;
    default:
        read(body, [most](body_parser& parser, padded_text text) { return parser.parse_posts(text, who, most); });
        break;
    }
    return 0;
}
