// bench/fanout: see people.hpp.
#include "bench/fanout/people.hpp"

#include "bench/fanout/pair_document.hpp"
#include "upstream/models.hpp"
#include "views/documents.hpp"

#include <optional>
#include <vector>

namespace muster::bench {

namespace {

constexpr std::int64_t first_day = 1'577'880'000; // 2020-01-01T12:00:00Z
constexpr std::int64_t day = 86'400;

std::string repeated(const char* sentence, int times) {
    std::string text;
    for (int i = 0; i != times; ++i) {
        text += sentence;
    }
    return text;
}

template <class Document>
std::string written(const Document& document) {
    std::string text;
    using views::append_json; // and, of a pair, this namespace's
    append_json(text, document);
    return text + '\n';
}

} // namespace

person_documents documents_of(std::int64_t id) {
    const auto number = std::to_string(id);
    const upstream::user user{.id = upstream::user_id{id},
                              .name = "Person " + number + repeated(" of a rather long name", 6),
                              .email = "person." + number + repeated(".of.a.long.name", 5) + "@example.org",
                              .created_at = first_day + id % 1'000 * day};
    const std::optional<upstream::profile> profile{
        {.user = user.id,
         .bio = "Keeps the minutes of meeting " + number + "." + repeated(" Nobody reads them.", 7),
         .location = "Somewhere near the river, house " + number,
         .website = "https://example.org/people/" + number,
         .language = "pt-BR"}};
    std::vector<upstream::post> posts;
    for (std::int64_t i = 3; i != 0; --i) {
        posts.push_back({.id = id * 10 + i,
                         .author = user.id,
                         .title = "Minutes, part " + std::to_string(i),
                         .body = repeated("It was said again what had been said. ", 4),
                         .published_at = first_day + (1'000 + i) * day});
    }
    return {.user = written(user),
            .profile = written(*profile),
            .posts = written(std::span<const upstream::post>(posts)),
            .pair = written(pair_document{user, *profile}),
            .page = written(views::user_document{user, profile, posts})};
}

} // namespace muster::bench
