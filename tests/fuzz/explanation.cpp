// tests/fuzz: the explanations of far sides. An input is a document as a source may answer it. Whatever is made of it
// keeps within the words, names, numbers and sizes that are promised; written and read again it is the same.
#include "upstream/explanation.hpp"
#include "handlers/explanation_json.hpp"
#include "tests/fuzz/check.hpp"
#include "upstream/errors.hpp"
#include "views/json_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::fuzz {

namespace {

using upstream::explanation;
namespace limits = upstream::explanations;

template <class Words>
bool known(const Words& words, const std::string& text) {
    return text.empty() || std::ranges::find(words, text) != words.end();
}

bool known_failure(const std::string& text) {
    for (std::size_t i = 0; i < upstream::failures; ++i) {
        if (text == to_string(static_cast<upstream::failure>(i))) {
            return true;
        }
    }
    return text.empty();
}

bool in_range(std::chrono::milliseconds time) {
    return time.count() >= 0 && time <= limits::longest_time;
}

// How many children there are.
std::size_t check_limits(const explanation& read, int depth, std::string_view bytes) {
    require(depth <= limits::deepest, "an explanation lies too deep", bytes);
    require(read.status == 0 || (read.status >= 400 && read.status <= 599), "a status is out of range", bytes);
    require(known(limits::causes, read.cause), "a cause is none that we know", bytes);
    require(in_range(read.budget.value_or(std::chrono::milliseconds(0))), "a budget is out of range", bytes);
    require(in_range(read.elapsed.value_or(std::chrono::milliseconds(0))), "a time is out of range", bytes);
    require(!read.cause.empty() || read.budget || read.elapsed || !read.children.empty(), "it explains nothing", bytes);
    require(read.children.size() <= limits::most_children, "it has too many children", bytes);
    auto in_all = read.children.size();
    for (const auto& child : read.children) {
        require(child.source.empty() || upstream::is_plain_name(child.source), "a name is not plain", bytes);
        require(known(limits::states, child.state), "a state is none that we know", bytes);
        require(known(limits::waits, child.wait), "a wait is none that we know", bytes);
        require(known_failure(child.failure), "a failure is none that we know", bytes);
        require(in_range(child.elapsed), "a child's time is out of range", bytes);
        require(child.attempts <= limits::most_attempts, "attempts are out of range", bytes);
        if (child.upstream) {
            in_all += check_limits(*child.upstream, depth + 1, bytes);
        }
    }
    return in_all;
}

void check(std::string_view bytes) {
    const auto read = upstream::read_explanation(bytes);
    if (!read) {
        return;
    }
    require(check_limits(*read, 1, bytes) <= limits::most_in_all, "it has too many children in all", bytes);
    std::string text;
    views::json_writer writer(text);
    writer.begin_object();
    writer.key("status").number(read->status);
    handlers::append_members(writer, *read);
    writer.end_object();
    const auto again = upstream::read_explanation(text);
    require(again != nullptr && *again == *read, "written and read again it is another", bytes, text);
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    muster::fuzz::check({reinterpret_cast<const char*>(data), size});
    return 0;
}
