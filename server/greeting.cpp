// server/: see greeting.hpp.
#include "server/greeting.hpp"

#include "config/address.hpp"
#include "config/command_line.hpp"
#include "config/source_url.hpp"

#include <string_view>

namespace muster::server {

namespace {

// The address as a program on this machine asks it.
std::string url_of(std::string_view address) {
    if (address.starts_with("0.0.0.0:")) {
        return "http://127.0.0.1" + std::string(address.substr(7));
    }
    if (address.starts_with("[::]:")) {
        return "http://[::1]" + std::string(address.substr(4));
    }
    return "http://" + std::string(address);
}

std::string curl(std::string_view address, std::string_view path) {
    if (address.starts_with("unix:")) {
        return "curl --unix-socket " + std::string(address.substr(5)) + " http://localhost" + std::string(path);
    }
    return "curl " + url_of(address) + std::string(path);
}

std::string sources_of(const config::settings& settings) {
    const auto users = config::shown(settings.users.url.text);
    const auto profiles = config::shown(settings.profiles.url.text);
    const auto posts = config::shown(settings.posts.url.text);
    if (users == profiles && users == posts) {
        return "users, profiles and posts from " + users;
    }
    return "users from " + users + ", profiles from " + profiles + ", posts from " + posts;
}

std::string at(std::string_view address) {
    return address.starts_with("unix:") ? std::string(address) : "http://" + std::string(address);
}

} // namespace

std::string greeting(const config::settings& settings, const greeting_facts& facts) {
    std::string text = "muster " + std::string(config::version()) + " serves ";
    for (std::size_t i = 0; i != facts.listening.size(); ++i) {
        text += (i == 0 ? "" : ", ") + at(facts.listening[i]);
    }
    text += " with " + std::to_string(facts.loops) + (facts.loops == 1 ? " loop\n" : " loops\n");
    text += "  " + sources_of(settings) + (facts.sample_people ? " (just made, with 200 sample people)\n" : "\n");
    text += facts.admin ? "  admin listener on " + at(*facts.admin) + "\n" : "  no admin listener\n";
    text += "  try: " + curl(facts.listening.front(), "/user/1") + "\n";
    // curl hides this from whoever lists the machine's processes.
    const auto brought =
        settings.admin_token_file.empty() ? std::string() : " -u :\"$(cat " + settings.admin_token_file + ")\"";
    if (settings.debug_on_public) {
        text += "       " + curl(facts.listening.front(), "/debug/tasks") + brought + "\n";
    } else if (facts.admin) {
        text += "       " + curl(*facts.admin, "/debug/tasks") + brought + "\n";
    }
    return text;
}

} // namespace muster::server
