// upstream/: what a source over HTTP answers, as models: the documents of /api/users/{id} and what hangs under it
// (views/documents writes them). Bytes of another process: nothing of them is believed unseen.
#pragma once

#include "upstream/models.hpp"
#include "upstream/person_parser.hpp"

#include <cstddef>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

namespace muster::upstream {

/// Text with at least `size` bytes behind it that may be read, whatever they are: simdjson looks ahead.
struct padded_text {
    static constexpr std::size_t size = 64;

    std::string_view text;
};

/// Reads bodies. What it returns is as models.hpp promises, by the rules that an import's lines obey, too, and belongs
/// to who was asked for; fields that are not known are passed over (a later version may send more), one that is known
/// may not be there twice, since readers differ in which of the two they take. Nothing lies deeper than `deepest`. The
/// errors are for the log: no text of the other side is in them.
/// One is used for many bodies, on one thread at a time: once warm it allocates what it returns, and nothing else, but
/// what a body larger than `largest_kept` made it take is given back at once.
class body_parser {
  public:
    static constexpr std::size_t deepest = 32;
    static constexpr std::size_t largest_kept = 64 * 1024; ///< about 14 times as much memory is held for it

    body_parser();
    ~body_parser();
    body_parser(const body_parser&) = delete;
    body_parser& operator=(const body_parser&) = delete;

    /// {"id","name","email","created_at"}; throws, as the other two, nothing but std::bad_alloc.
    [[nodiscard]] std::expected<user, bad_field> parse_user(padded_text body, user_id asked_for);

    /// {"bio","location","website","language"}; whose it is the document does not say.
    [[nodiscard]] std::expected<profile, bad_field> parse_profile(padded_text body, user_id of);

    /// [{"id","title","body","published_at"}, ...], at most `most`, newest first as the repository promises, whatever
    /// their order there.
    [[nodiscard]] std::expected<std::vector<post>, bad_field> parse_posts(padded_text body, user_id author,
                                                                          std::size_t most);

    /// What is kept for the next body: the longest that needs no new memory.
    [[nodiscard]] std::size_t capacity() const noexcept;

  private:
    template <class Model, class Read>
    std::expected<Model, bad_field> parse(padded_text body, Read read);

    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace muster::upstream
