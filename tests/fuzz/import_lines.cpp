// tests/fuzz: the lines of an import. Byte 0 of an input says how its text is cut into reads, byte 1 how long a line
// may be; the rest is the file. Lines are cut as a naive reader cuts them, whatever comes in one read; what a line is
// taken for obeys the rules, and its export is read back as the same person.
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/utf8.hpp"
#include "upstream/line_reader.hpp"
#include "upstream/person_parser.hpp"
#include "upstream/person_rules.hpp"
#include "views/documents.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

namespace {

struct naive_line {
    std::string text;
    bool too_long;
};

std::vector<naive_line> lines_of(std::string_view file, std::size_t longest) {
    if (file.starts_with("\xef\xbb\xbf")) {
        file.remove_prefix(3);
    }
    std::vector<naive_line> lines;
    while (!file.empty()) {
        const auto end = std::min(file.find('\n'), file.size());
        auto line = file.substr(0, end);
        if (end != file.size() && line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        lines.push_back({std::string(line.size() > longest ? "" : line), line.size() > longest});
        file.remove_prefix(std::min(end + 1, file.size()));
    }
    return lines;
}

void check_text(std::string_view text, std::string_view line) {
    require(mended_utf8(text) == text, "a text was taken that is not UTF-8", line);
    require(text.find('\0') == text.npos, "a text was taken that holds a NUL", line);
}

void check_person(const upstream::person& who, std::string_view line) {
    require(static_cast<std::int64_t>(who.who.id) >= 1, "an id was taken that is none", line);
    check_text(who.who.name, line);
    check_text(who.who.email, line);
    require(upstream::fault_of_time(who.who.created_at).empty(), "a time was taken that cannot be written", line);
    if (who.about) {
        require(who.about->user == who.who.id, "a profile is another's", line);
        check_text(who.about->bio, line);
        check_text(who.about->location, line);
        require(upstream::fault_of_website(who.about->website).empty(), "a website was taken that is none", line);
        require(upstream::fault_of_language(who.about->language).empty(), "a language was taken that is none", line);
    }
    std::set<std::int64_t> ids;
    for (const auto& post : who.posts) {
        require(post.id >= 1 && ids.insert(post.id).second, "two posts of one id, or of none", line);
        require(post.author == who.who.id, "a post is another's", line);
        check_text(post.title, line);
        check_text(post.body, line);
        require(upstream::fault_of_time(post.published_at).empty(), "a time was taken that cannot be written", line);
    }
}

void read_line(std::string_view line) {
    static upstream::person_parser parser; // as an import has it: one for all lines
    const auto read = parser.parse(line);
    if (!read) {
        const auto& [field, reason] = read.error();
        require(!reason.empty(), "a line is refused without a reason", line);
        require(reason.find('\n') == reason.npos, "a reason has two lines", reason);
        return;
    }
    require(nlohmann::json::accept(line), "a line is taken that is no JSON", line);
    check_person(*read, line);
    require(!upstream::find_fault(*read), "what was taken could not be exported", line);
    std::string exported;
    views::append_json(exported, views::user_document{read->who, read->about, read->posts});
    require(exported.find('\n') == exported.npos, "an exported person has two lines", exported);
    static upstream::person_parser other;
    const auto again = other.parse(exported);
    require(again.has_value(), "an exported line is refused", exported,
            again ? "" : again.error().field + ' ' + again.error().reason);
    require(*again == *read, "an exported line is read as another person", line, exported);
}

// The lines as line_reader gives them: its buffer is large, which costs more than all the rest.
void read_in_pieces(std::uint8_t pieces, std::size_t longest, std::string_view file) {
    std::string_view rest = file;
    std::uint32_t state = pieces;
    upstream::line_reader lines(
        [&](std::span<char> into) {
            state = state * 1'664'525U + 1'013'904'223U;
            const std::size_t wanted = 1 + ((state >> 16) % pieces);
            const auto n = std::min({wanted, into.size(), rest.size()});
            std::memcpy(into.data(), rest.data(), n);
            rest.remove_prefix(n);
            return n;
        },
        longest);
    std::uint64_t number = 0;
    for (const auto& expected : lines_of(file, longest)) {
        const auto got = lines.next();
        require(got.has_value(), "a line is missing", file, expected.text);
        require(got->number == ++number, "a line has another number", file);
        require(got->too_long == expected.too_long, "a line is too long, or is it?", file, expected.text);
        require(got->text == expected.text, "a line is another", expected.text, got->text);
    }
    require(!lines.next(), "a line too many", file);
    require(lines.bytes() == file.size(), "bytes were counted that are not there, or left out", file);
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return -1;
    }
    const std::string_view file(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t longest = data[1] == 0 ? 1 << 20 : data[1];
    if (data[0] != 0) {
        muster::fuzz::read_in_pieces(data[0], longest, file);
    }
    for (const auto& line : muster::fuzz::lines_of(file, longest)) {
        muster::fuzz::read_line(line.text);
    }
    return 0;
}
