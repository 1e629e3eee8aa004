// upstream/: see http_bodies.hpp.
#include "upstream/http_bodies.hpp"

#include "upstream/json_fault.hpp"
#include "upstream/person_json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace muster::upstream {

namespace {

namespace dom = simdjson::dom;

static_assert(padded_text::size >= simdjson::SIMDJSON_PADDING);

constexpr auto others = unknown_members::ignored;
constexpr std::size_t walked_again = 4096; // beyond it a wrong byte is not worth a second, slow look

bad_field fault_of_json(std::string_view body, simdjson::error_code error) {
    if (error == simdjson::DEPTH_ERROR)
        return {"", "is nested too deeply"};
    if (body.empty())
        return {"", "is empty"};
    // Its field may be a name that the other side has made up.
    return {"", body.size() <= walked_again ? find_json_fault(body).reason : "is not valid JSON"};
}

bool newer(const post& a, const post& b) {
    return a.published_at != b.published_at ? a.published_at > b.published_at : a.id > b.id;
}

} // namespace

struct body_parser::parts {
    dom::parser json;
    post_ids ids;

    // What is as it was made has no memory.
    void renew() {
        json = dom::parser();
        if (json.allocate(dom::MINIMAL_DOCUMENT_CAPACITY, deepest) != simdjson::SUCCESS)
            throw std::bad_alloc();
    }

    // After every body, be it good or bad.
    void shrink() {
        if (json.capacity() > largest_kept)
            renew();
        constexpr std::size_t ids_kept = 1024;
        if (ids.capacity() > ids_kept)
            ids = {};
    }
};

body_parser::body_parser() : parts_(std::make_unique<parts>()) {
    parts_->renew();
}

body_parser::~body_parser() = default;

std::size_t body_parser::capacity() const noexcept {
    return parts_->json.capacity();
}

template <class Model, class Read>
std::expected<Model, bad_field> body_parser::parse(padded_text body, Read read) {
    std::expected<Model, bad_field> result = std::unexpected(bad_field{});
    dom::element root;
    const auto error = parts_->json.parse(body.text.data(), body.text.size(), false).get(root);
    if (error == simdjson::MEMALLOC)
        throw std::bad_alloc();
    if (error != simdjson::SUCCESS) {
        result = std::unexpected(fault_of_json(body.text, error));
    } else {
        try {
            result = read(root);
        } catch (refused_field& found) {
            result = std::unexpected(std::move(found.why));
        }
    }
    parts_->shrink();
    return result;
}

std::expected<user, bad_field> body_parser::parse_user(padded_text body, user_id asked_for) {
    return parse<user>(body, [asked_for](dom::element root) {
        const json_place whole;
        auto found = read_user(whole, root, others);
        if (found.id != asked_for)
            refuse({&whole, "id"}, "is " + std::to_string(static_cast<std::int64_t>(found.id)) + ", and " +
                                       std::to_string(static_cast<std::int64_t>(asked_for)) + " was asked for");
        return found;
    });
}

std::expected<profile, bad_field> body_parser::parse_profile(padded_text body, user_id of) {
    return parse<profile>(body, [of](dom::element root) { return read_profile(json_place{}, of, root, others); });
}

std::expected<std::vector<post>, bad_field> body_parser::parse_posts(padded_text body, user_id author,
                                                                     std::size_t most) {
    return parse<std::vector<post>>(body, [&](dom::element root) {
        const json_place whole;
        if (!root.is_array())
            refuse_type(whole, "a list", root);
        const dom::array list(root);
        if (list.size() > most)
            refuse(whole, "holds " + std::to_string(list.size()) + " posts, and at most " + std::to_string(most) +
                              " were asked for");
        std::vector<post> found;
        found.reserve(list.size());
        for (const auto each : list)
            found.push_back(read_post({.outer = &whole, .index = found.size()}, author, each, others));
        check_ids_differ(whole, found, parts_->ids);
        if (!std::ranges::is_sorted(found, newer))
            std::ranges::sort(found, newer);
        return found;
    });
}

} // namespace muster::upstream
