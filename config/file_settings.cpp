// config/: the tree of the file, walked along the table of keys. Beside the keys it knows two objects of its own:
// "routes" and "sources".
#include "config/file_settings.hpp"

#include "config/duration.hpp"
#include "config/file.hpp"
#include "config/keys.hpp"
#include "config/policies.hpp"
#include "config/scalar.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::config {
namespace {

using type = file_value::type;
using error = std::optional<std::string>;

std::string_view kind_name(type is) {
    switch (is) {
    case type::null:
        return "null";
    case type::boolean:
        return "true or false";
    case type::number:
        return "a number";
    case type::text:
        return "a text";
    case type::list:
        return "a list";
    case type::object:
        return "an object";
    }
    return "";
}

/// One file: what it is called, and how its errors look.
class file_reader {
  public:
    file_reader(settings& into, std::string name) : into_(into), name_(std::move(name)) {}

    error read(const file_value& root) {
        for (const auto& value : root.members)
            if (value.name != "routes" && value.name != "sources")
                if (const auto* known = find_key(value.name); !known || known->kind == file_kind::none)
                    return unknown_key(value);
        for (const auto& group : key_groups()) // in the table's order: "data" before "users"
            for (const auto& each : group.keys)
                if (const auto* value = member(root, each.name))
                    if (auto wrong = apply(each, *value))
                        return wrong;
        if (const auto* routes = member(root, "routes"))
            if (auto wrong = read_routes(*routes))
                return wrong;
        if (const auto* sources = member(root, "sources"))
            return read_sources(*sources);
        return std::nullopt;
    }

  private:
    static const file_value* member(const file_value& object, std::string_view name) {
        const auto found = std::ranges::find(object.members, name, &file_value::name);
        return found == object.members.end() ? nullptr : &*found;
    }

    std::string at(const file_value& value) const { return " (" + name_ + ':' + std::to_string(value.line) + ')'; }

    /// `timeout = "5x" (muster.json:3)`
    std::string shown_entry(const std::string& path, const file_value& value) const {
        std::string text;
        if (value.is == type::list)
            text = "[...]";
        else if (value.is == type::object)
            text = "{...}";
        else if (const auto shown = shown_value(value.text); value.is == type::text && !shown.starts_with('"'))
            text = '"' + shown + '"';
        else
            text = shown;
        return shown_value(path) + " = " + text + at(value);
    }

    error refuse(const std::string& path, const file_value& value, const std::string& why) const {
        return shown_entry(path, value) + ": " + why;
    }

    error unknown_key(const file_value& value) const {
        const auto& name = value.name;
        if (name == "source")
            return shown_value(name) + at(value) +
                   R"(: in the file write "sources": {"posts": {"workers": 4, "queue": 256}})";
        if (name == "config")
            return shown_value(name) + at(value) + ": a file cannot name another";
        std::vector<std::string> known{"routes", "sources"};
        for (const auto& group : key_groups())
            for (const auto& each : group.keys)
                if (each.kind != file_kind::none)
                    known.emplace_back(each.name);
        const auto meant = nearest(name, known);
        return shown_value(name) + at(value) + ": no such key" +
               (meant.empty() ? "; muster --help lists them" : "; did you mean " + meant + '?');
    }

    error unknown_member(const std::string& path, const file_value& value, const std::string& there_are) const {
        return shown_value(path) + at(value) + ": no such key; there " + there_are;
    }

    error wrong_type(const std::string& path, const file_value& value, const std::string& wanted) const {
        return refuse(path, value, "must be " + wanted + ", not " + std::string{kind_name(value.is)});
    }

    error apply(const key& each, const file_value& value) {
        const std::string path{each.name};
        if (each.kind == file_kind::number && value.is != type::number)
            return wrong_type(path, value, "a number");
        if (each.kind == file_kind::number_or_off && value.is != type::number && value.text != "off")
            return wrong_type(path, value, "a number or \"off\"");
        if (each.kind == file_kind::boolean && value.is != type::boolean)
            return wrong_type(path, value, "true or false");
        if (each.kind == file_kind::text && value.is != type::text)
            return wrong_type(path, value, "a text in quotes");
        if (each.begin)
            each.begin(into_);
        if (each.kind != file_kind::texts || value.is == type::text)
            return apply_one(each, path, value);
        if (value.is != type::list)
            return wrong_type(path, value, "a text in quotes or a list of them");
        if (value.members.empty())
            return shown_value(path) + " = []" + at(value) + ": must hold at least one";
        for (std::size_t i = 0; i < value.members.size(); ++i) {
            const auto& item = value.members[i];
            const auto item_path = path + '[' + std::to_string(i) + ']';
            if (item.is != type::text)
                return wrong_type(item_path, item, "a text in quotes");
            if (auto wrong = apply_one(each, item_path, item))
                return wrong;
        }
        return std::nullopt;
    }

    error apply_one(const key& each, const std::string& path, const file_value& value) {
        if (const auto wrong = each.apply(into_, value.text, origin::file))
            return refuse(path, value, *wrong);
        return std::nullopt;
    }

    error read_routes(const file_value& routes) {
        if (routes.is != type::object)
            return wrong_type("routes", routes, R"(an object such as {"/user/{id}": {"timeout": "2s"}})");
        for (const auto& limits : routes.members) {
            const auto& pattern = limits.name;
            const auto path = "routes." + pattern;
            if (!pattern.starts_with('/'))
                return shown_value(path) + at(limits) + ": a route begins with a slash, such as /user/{id}";
            if (limits.is != type::object)
                return wrong_type(path, limits, R"(an object such as {"timeout": "2s"})");
            for (const auto& value : limits.members) {
                const auto full = path + '.' + value.name;
                if (value.name != "timeout")
                    return unknown_member(full, value, "is timeout");
                if (value.is != type::text)
                    return wrong_type(full, value, "a text in quotes");
                const auto timeout = parse_duration(value.text);
                if (!timeout)
                    return refuse(full, value, timeout.error());
                into_.routes.push_back({pattern, *timeout, shown_value(path) + at(limits)});
            }
        }
        return std::nullopt;
    }

    error read_sources(const file_value& sources) {
        if (sources.is != type::object)
            return wrong_type("sources", sources, R"(an object such as {"posts": {"workers": 4}})");
        for (const auto& rules : sources.members) {
            const auto& source_name = rules.name;
            const auto path = "sources." + source_name;
            if (source_name != "users" && source_name != "profiles" && source_name != "posts")
                return unknown_member(path, rules, "are users, profiles and posts");
            if (rules.is != type::object)
                return wrong_type(path, rules, R"(an object such as {"workers": 4, "queue": 256})");
            for (const auto& value : rules.members) {
                const auto& name = value.name;
                const auto full = path + '.' + name;
                const auto* known = find_policy(name);
                if (!known)
                    return unknown_member(full, value, "are " + names_of_policies());
                if (known->kind == file_kind::number && value.is != type::number)
                    return wrong_type(full, value, "a number");
                if (known->kind == file_kind::text && value.is != type::text)
                    return wrong_type(full, value, "a text in quotes");
                if (const auto wrong = apply_policy(into_, source_name, name, value.text, shown_entry(full, value)))
                    return refuse(full, value, *wrong);
            }
        }
        return std::nullopt;
    }

    settings& into_;
    std::string name_; ///< as messages show it
};

} // namespace

std::optional<std::string> apply_file(settings& into, const std::string& name, const std::string& given_as) {
    if (name.empty())
        return given_as + ": must be the name of a file";
    const auto text = read_whole_file(name);
    if (!text)
        return given_as + ": " + text.error();
    into.config_file = name;
    return apply_text(into, *text, shown_value(name));
}

std::optional<std::string> apply_text(settings& into, std::string_view text, const std::string& name) {
    const auto root = parse_file(text);
    if (!root)
        return name + ':' + root.error();
    return file_reader{into, name}.read(*root);
}

} // namespace muster::config
