// upstream/: see http_source.hpp.
#include "upstream/http_source.hpp"

#include "concurrency/check.hpp"
#include "upstream/errors.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace muster::upstream {

namespace {

http_target target_of(user_id id) {
    http_target target;
    target.add("/api/users/").add(static_cast<std::int64_t>(id));
    return target;
}

[[noreturn]] void refuse_body(const http_source& source, const http_answer& answer, const std::string& why) {
    throw source_failed(source.client().settings().name, "its answer " + why, failure::bad_body,
                        {.attempts = answer.attempts});
}

// The model in the body of an answer that is no 404.
template <class Model, class Read>
Model read(const http_source& source, const concurrency::loop& home, http_answer& answer, Read read_body) {
    if (answer.head.type != answer_head::media::json)
        refuse_body(source, answer, "is not application/json");
    if (answer.head.coded)
        refuse_body(source, answer, "has a content coding, and none was asked for");
    std::expected<Model, bad_field> model = read_body(source.parsers().of(home), padded_text{answer.body.padded()});
    if (!model) {
        const auto& [field, reason] = model.error();
        refuse_body(source, answer, field.empty() ? reason : "is wrong: " + field + ' ' + reason);
    }
    return *std::move(model);
}

bool absent(const http_answer& answer) noexcept {
    return answer.head.status == 404;
}

} // namespace

body_parsers::body_parsers(const std::vector<concurrency::loop*>& loops) {
    for (const auto* each : loops)
        places_.push_back({each, std::make_unique<body_parser>()});
}

body_parser& body_parsers::of(const concurrency::loop& home) noexcept {
    const auto found = std::ranges::find(places_, &home, &place::home);
    MUSTER_INVARIANT(found != places_.end(), "a body is read on a loop of its own source");
    return *found->parser;
}

http_source::http_source(const http_settings& settings, const std::vector<concurrency::loop*>& loops,
                         std::shared_ptr<body_parsers> parsers, http_pool::reporter report)
    : parsers_(std::move(parsers)),
      client_(std::make_unique<http_client>(settings, loops, std::move(report))) {}

concurrency::task<std::optional<user>> http_users::find(user_id id) const {
    auto answer = co_await source_.client().get(target_of(id));
    if (absent(answer))
        co_return std::nullopt;
    const auto& home = (co_await concurrency::current_task()).home();
    co_return read<user>(source_, home, answer,
                         [id](body_parser& parser, padded_text body) { return parser.parse_user(body, id); });
}

concurrency::task<std::optional<profile>> http_profiles::find(user_id id) const {
    auto answer = co_await source_.client().get(target_of(id).add("/profile"));
    if (absent(answer))
        co_return std::nullopt;
    const auto& home = (co_await concurrency::current_task()).home();
    co_return read<profile>(source_, home, answer,
                            [id](body_parser& parser, padded_text body) { return parser.parse_profile(body, id); });
}

concurrency::task<std::vector<post>> http_posts::latest(user_id author, int limit) const {
    const int most = std::min(limit, longest_list);
    if (most < 1)
        co_return std::vector<post>{};
    auto answer = co_await source_.client().get(target_of(author).add("/posts?limit=").add(std::int64_t{most}));
    if (absent(answer))
        co_return std::vector<post>{};
    const auto& home = (co_await concurrency::current_task()).home();
    co_return read<std::vector<post>>(source_, home, answer, [author, most](body_parser& parser, padded_text body) {
        return parser.parse_posts(body, author, static_cast<std::size_t>(most));
    });
}

} // namespace muster::upstream
