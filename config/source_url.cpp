// config/: URLs of sources. Passwords are looked for generously: an unescaped `/` or `@` in one must not make it
// visible.
#include "config/source_url.hpp"

#include "config/http_url.hpp"
#include "config/scalar.hpp"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace muster::config {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
    return result;
}

/// Where passwords are: pairs of begin and end, in order.
std::vector<std::pair<std::size_t, std::size_t>> passwords(std::string_view url) {
    std::vector<std::pair<std::size_t, std::size_t>> result;
    const auto small = lower(url);
    const auto slashes = url.find("//"); // not "://": a colon is easily forgotten
    const bool file = small.starts_with("sqlite:") && !small.starts_with("sqlite://");
    if (slashes == url.npos || file)
        return result;
    auto after = slashes + 2;
    const auto at = url.rfind('@');
    const auto colon = url.find(':', after);
    if (at != url.npos && colon < at) {
        result.emplace_back(colon + 1, at);
        after = at;
    }
    // libpq's postgres://host/db?password=...
    for (const std::string_view name : {"password=", "passwd=", "pwd="}) {
        for (auto found = small.find(name, after); found != small.npos; found = small.find(name, found + 1)) {
            const auto begin = found + name.size();
            if (small[found - 1] == '?' || small[found - 1] == '&' || small[found - 1] == ';')
                result.emplace_back(begin, std::min(url.find_first_of("&;#", begin), url.size()));
        }
    }
    std::ranges::sort(result);
    return result;
}

std::unexpected<std::string> refuse(std::string why) {
    return std::unexpected{std::move(why)};
}

} // namespace

std::string_view to_string(source_kind kind) {
    return kind == source_kind::sqlite ? "SQLite" : "HTTP";
}

source_url default_source() {
    return {.text = "sqlite:data/muster.db", .path = "data/muster.db"};
}

std::expected<source_url, std::string> parse_source_url(std::string_view text) {
    constexpr auto how = "write sqlite:PATH, such as sqlite:data/muster.db or sqlite:/var/lib/muster/muster.db";
    constexpr auto ways = "write sqlite:PATH (sqlite:data/muster.db) or http://HOST:PORT (http://10.0.0.7:8080)";
    if (has_control(text))
        return refuse("control characters are not allowed");
    const auto colon = text.find(':');
    const auto scheme = lower(text.substr(0, colon));
    for (const std::string_view later : {"postgres", "postgresql", "https"})
        if (colon != text.npos && scheme == later)
            return refuse(scheme + " sources come in a later version; " + ways);
    if (colon != text.npos && scheme == "http") {
        auto place = parse_http_place(text.substr(colon + 1));
        if (!place)
            return std::unexpected{std::move(place.error())};
        return source_url{.kind = source_kind::http,
                          .text = std::string{text},
                          .path = std::move(place->path),
                          .host = std::move(place->host),
                          .port = place->port};
    }
    if (colon == text.npos || scheme != "sqlite")
        return refuse(std::string{"not the URL of a source; "} + ways);

    const auto path = text.substr(colon + 1);
    if (path.empty())
        return refuse(std::string{"no path; "} + how);
    if (path.starts_with("//")) // three slashes are relative to some tools and absolute to others
        return refuse(std::string{"the path begins with two slashes; "} + how);
    if (path.starts_with(":memory:") || path.starts_with("file:"))
        return refuse(std::string{"must be a plain file, since several workers open it; "} + how);
    return source_url{.text = std::string{text}, .path = std::string{path}};
}

bool has_password(std::string_view url) {
    return !passwords(url).empty();
}

std::string shown(std::string_view url) {
    std::string result;
    std::size_t done = 0;
    for (const auto& [begin, end] : passwords(url)) {
        if (begin < done)
            continue;
        result += url.substr(done, begin - done);
        result += "***";
        done = end;
    }
    result += url.substr(done);
    return result;
}

} // namespace muster::config
