// bench/fanout: see typed_bodies.hpp.
#include "bench/fanout/typed_bodies.hpp"

#include <simdjson.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>

namespace muster::bench {

namespace {

namespace dom = simdjson::dom;

int digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    const auto* const first = text.data() + at;
    const auto [end, error] = std::from_chars(first, first + count, value);
    return error == std::errc{} && end == first + count && *first != '-' ? value : -1;
}

// RFC 3339 in UTC with whole seconds, the only form that views/ writes.
std::int64_t moment(std::string_view text) {
    using std::chrono::day;
    using std::chrono::month;
    using std::chrono::year;
    constexpr std::string_view form = "0000-00-00T00:00:00Z";
    if (text.size() != form.size()) {
        throw bad_body("a time of another form");
    }
    for (const std::size_t at : {4, 7, 10, 13, 16, 19}) {
        if (text[at] != form[at]) {
            throw bad_body("a time of another form");
        }
    }
    const auto month_number = digits(text, 5, 2);
    const auto day_number = digits(text, 8, 2);
    const int hours = digits(text, 11, 2);
    const int minutes = digits(text, 14, 2);
    const int seconds = digits(text, 17, 2);
    const std::chrono::year_month_day date(year(digits(text, 0, 4)), month(static_cast<unsigned>(month_number)),
                                           day(static_cast<unsigned>(day_number)));
    if (!date.ok() || date.year() < year(1) || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 ||
        seconds > 59) {
        throw bad_body("a time that is none");
    }
    const auto days = std::chrono::sys_days(date).time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(days).count() + hours * 3'600 + minutes * 60 + seconds;
}

template <class T>
T field(const dom::object& object, const char* name) {
    T value{};
    if (object[name].get(value) != simdjson::SUCCESS) {
        throw bad_body(std::string("a document without a proper ") + name);
    }
    return value;
}

std::string text(const dom::object& object, const char* name) {
    return std::string(field<std::string_view>(object, name));
}

} // namespace

struct body_reader::parts {
    dom::object parse(std::string_view body) {
        dom::object object;
        if (parser.parse(body.data(), body.size(), false).get(object) != simdjson::SUCCESS) {
            throw bad_body("not a document");
        }
        return object;
    }

    dom::parser parser;
};

body_reader::body_reader() : parts_(std::make_unique<parts>()) {}

body_reader::~body_reader() = default;

upstream::user body_reader::user(std::string_view body, std::int64_t id) {
    const auto object = parts_->parse(body);
    if (field<std::int64_t>(object, "id") != id) {
        throw bad_body("somebody else");
    }
    return {.id = upstream::user_id{id},
            .name = text(object, "name"),
            .email = text(object, "email"),
            .created_at = moment(field<std::string_view>(object, "created_at"))};
}

upstream::profile body_reader::profile(std::string_view body, std::int64_t id) {
    const auto object = parts_->parse(body);
    return {.user = upstream::user_id{id},
            .bio = text(object, "bio"),
            .location = text(object, "location"),
            .website = text(object, "website"),
            .language = text(object, "language")};
}

} // namespace muster::bench
