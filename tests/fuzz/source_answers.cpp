// tests/fuzz: what a source may answer, in arbitrary pieces: whatever it is, the verdict is that of the bytes in one
// piece, the limits hold, and nothing is taken from behind the answer.
#include "tests/fuzz/check.hpp"
#include "upstream/http_answer_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::fuzz {

namespace {

using upstream::answer_limits;
using upstream::http_answer_parser;
using outcome = http_answer_parser::outcome;

constexpr answer_limits limits{.head = 512, .body = 256};

struct verdict {
    outcome what = outcome::need_more;
    std::string reason;
    std::string body;
    std::size_t consumed = 0;
    int status = 0;
    bool keep_alive = false;

    friend bool operator==(const verdict&, const verdict&) = default;
};

// `sizes`: of the pieces, one after the other, again and again; empty: all in one.
verdict judge(std::string_view bytes, std::string_view sizes) {
    verdict result;
    http_answer_parser parser(limits, result.body);
    std::string carried;
    std::size_t turn = 0;
    while (result.what == outcome::need_more && !bytes.empty()) {
        const auto size =
            sizes.empty() ? bytes.size() : 1 + static_cast<std::uint8_t>(sizes[turn++ % sizes.size()]) % 32;
        const auto piece = bytes.substr(0, size);
        bytes.remove_prefix(piece.size());
        carried += piece;
        const auto step = parser.feed(carried);
        require(step.consumed <= carried.size(), "more was consumed than there was");
        carried.erase(0, step.consumed);
        result.consumed += step.consumed;
        result.what = step.what;
        require(step.what != outcome::need_more || carried.size() <= limits.head,
                "the parser keeps more than a head's worth waiting");
        require(result.body.size() <= limits.body, "a body is larger than its limit");
    }
    if (result.what == outcome::need_more) {
        result.what = parser.end();
        require(result.what != outcome::need_more, "there is no end");
    }
    if (result.what == outcome::complete) {
        result.status = parser.head().status;
        result.keep_alive = parser.keep_alive();
        require(result.status >= 200 && result.status <= 599, "an answer has no status");
        require(parser.began(), "an answer came of nothing");
    } else {
        require(!parser.reason().empty(), "a failure has no reason");
        result.reason = parser.reason();
        result.body.clear(); // how far it came is nobody's business
        result.consumed = 0;
    }
    return result;
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace muster::fuzz;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    // Up to eight bytes of sizes, how many the first byte says; the rest is what the source answers.
    const auto sizes = input.empty() ? 0 : std::min<std::size_t>(static_cast<std::uint8_t>(input[0]) % 9, size - 1);
    const auto answer = input.substr(input.empty() ? 0 : 1 + sizes);
    const auto whole = judge(answer, {});
    const auto cut = judge(answer, input.substr(input.empty() ? 0 : 1, sizes));
    require(whole == cut, "an answer in pieces is another answer", answer);
    return 0;
}
