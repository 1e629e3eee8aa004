// upstream/: see explanation.hpp. No text of the far side is kept: a word is replaced by ours, a name is checked byte
// by byte.
#include "upstream/explanation.hpp"

#include "upstream/errors.hpp"

#include <simdjson.h>

#include <cstdint>
#include <new>

namespace muster::upstream {

namespace {

namespace dom = simdjson::dom;
using std::chrono::milliseconds;

// Deep enough for what is read, with room for what is passed over.
constexpr std::size_t deepest_nesting = 64;

constexpr auto failure_words = [] {
    std::array<std::string_view, failures> words;
    for (std::size_t i = 0; i < failures; ++i)
        words[i] = to_string(static_cast<failure>(i));
    return words;
}();

template <std::size_t N>
std::string known(const std::array<std::string_view, N>& words, dom::element value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
        return {};
    const auto* const found = std::ranges::find(words, text);
    return found == words.end() ? std::string() : std::string(*found);
}

std::string name(dom::element value) {
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS && is_plain_name(text) ? std::string(text) : std::string();
}

std::optional<std::int64_t> number(dom::element value, std::int64_t least, std::int64_t most) {
    std::int64_t n = 0;
    if (!value.is_int64() || value.get_int64().get(n) != simdjson::SUCCESS || n < least || n > most)
        return std::nullopt;
    return n;
}

std::optional<milliseconds> time(dom::element value) {
    const auto ms = number(value, 0, milliseconds(explanations::longest_time).count());
    return ms ? std::optional(milliseconds(*ms)) : std::nullopt;
}

class reader {
  public:
    // Of members that stand twice the last counts, as with other readers.
    std::shared_ptr<const explanation> read(dom::element value, int depth) {
        dom::object object;
        if (depth > explanations::deepest || value.get_object().get(object) != simdjson::SUCCESS)
            return nullptr;
        auto made = std::make_shared<explanation>();
        std::optional<dom::element> children;
        for (const auto [key, member] : object) {
            if (key == "status") {
                made->status = static_cast<int>(number(member, 400, 599).value_or(0));
            } else if (key == "cause") {
                made->cause = known(explanations::causes, member);
            } else if (key == "budget_ms") {
                made->budget = time(member);
            } else if (key == "elapsed_ms") {
                made->elapsed = time(member);
            } else if (key == "children") {
                children = member;
            }
        }
        if (children)
            add_children(*children, depth, made->children);
        if (made->cause.empty() && !made->budget && !made->elapsed && made->children.empty())
            return nullptr;
        return made;
    }

  private:
    void add_children(dom::element value, int depth, std::vector<explanation::child>& to) {
        dom::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS)
            return;
        for (const auto each : list) {
            if (to.size() == explanations::most_children || in_all_ == explanations::most_in_all)
                return;
            ++in_all_; // before those within it, so that none of them takes its place
            if (auto made = child(each, depth)) {
                to.push_back(std::move(*made));
            } else {
                --in_all_;
            }
        }
    }

    std::optional<explanation::child> child(dom::element value, int depth) {
        dom::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS)
            return std::nullopt;
        explanation::child made;
        std::optional<dom::element> within;
        for (const auto [key, member] : object) {
            if (key == "source") {
                made.source = name(member);
            } else if (key == "state") {
                made.state = known(explanations::states, member);
            } else if (key == "wait") {
                made.wait = known(explanations::waits, member);
            } else if (key == "failure") {
                made.failure = known(failure_words, member);
            } else if (key == "elapsed_ms") {
                made.elapsed = time(member).value_or(milliseconds::zero());
            } else if (key == "attempts") {
                made.attempts = static_cast<unsigned>(number(member, 0, explanations::most_attempts).value_or(0));
            } else if (key == "upstream") {
                within = member;
            }
        }
        if (within)
            made.upstream = read(*within, depth + 1);
        if (made == explanation::child{})
            return std::nullopt;
        return made;
    }

    std::size_t in_all_ = 0;
};

} // namespace

bool operator==(const explanation& a, const explanation& b) {
    return a.status == b.status && a.cause == b.cause && a.budget == b.budget && a.elapsed == b.elapsed &&
           a.children == b.children;
}

bool operator==(const explanation::child& a, const explanation::child& b) {
    const bool same_upstream = a.upstream && b.upstream ? *a.upstream == *b.upstream : a.upstream == b.upstream;
    return a.source == b.source && a.state == b.state && a.wait == b.wait && a.failure == b.failure &&
           a.elapsed == b.elapsed && a.attempts == b.attempts && same_upstream;
}

std::shared_ptr<const explanation> read_explanation(std::string_view problem_json) {
    if (problem_json.empty() || problem_json.size() > explanations::longest_text)
        return nullptr;
    dom::parser parser;
    if (const auto error = parser.allocate(problem_json.size(), deepest_nesting)) {
        if (error == simdjson::MEMALLOC)
            throw std::bad_alloc();
        return nullptr;
    }
    dom::element root;
    const auto error = parser.parse(problem_json.data(), problem_json.size()).get(root); // copied: it has no padding
    if (error == simdjson::MEMALLOC)
        throw std::bad_alloc();
    return error == simdjson::SUCCESS ? reader().read(root, 1) : nullptr;
}

} // namespace muster::upstream
