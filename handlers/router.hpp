// handlers/: from a request's method and path to the route that answers it. Deadline, cancel policy and access are part
// of the route, so no handler can forget them; dispatch applies them.
#pragma once

#include "concurrency/task.hpp"
#include "handlers/method.hpp"
#include "handlers/path_parameter.hpp"
#include "handlers/path_pattern.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::handlers {

/// Makes the task that answers. It is lazy, and its frame refers to the handler object (captures, members) as well as
/// to the request: the handler must not be destroyed while a task of it lives. The router owns the handlers at
/// addresses that never change, and lives as long as the server; the request lives in dispatch's frame.
using handler = std::function<concurrency::task<response>(const request&)>;

/// What becomes of the work when its client leaves.
enum class client_gone_policy : std::uint8_t { cancel, finish };

/// Who may ask: everybody, or whom the rules for debug routes let through.
enum class route_access : std::uint8_t { open, debug };

struct route_options {
    std::optional<std::chrono::milliseconds> timeout{}; ///< of the whole request; nothing: the server's default
    client_gone_policy on_client_gone = client_gone_policy::cancel;
    route_access access = route_access::open;
};

struct route {
    method verb;
    path_pattern pattern;
    handler run;
    route_options options;
};

/// The tail of a registration: router.get(...).timeout(5s).access(route_access::debug). Not to be kept.
class route_registration {
  public:
    explicit route_registration(route& made) noexcept : route_(made) {}

    /// Throws std::logic_error unless the limit is positive.
    route_registration& timeout(std::chrono::milliseconds limit);
    route_registration& on_client_gone(client_gone_policy policy) noexcept;
    route_registration& access(route_access who) noexcept;

  private:
    route& route_;
};

/// What the router says of a method and a path.
struct resolution {
    enum class outcome : std::uint8_t {
        match,              ///< run `matched` with `parameters`
        options,            ///< OPTIONS of a path that exists: 204 with `allow`
        method_not_allowed, ///< 405 with `allow`
        not_found,          ///< 404
        bad_target,         ///< a broken percent-encoding, or no '/' at its beginning: 400
    };

    outcome kind = outcome::not_found;
    const route* matched = nullptr; ///< lives as long as the router
    path_parameters parameters{};
    std::string allow{};                      ///< the value of Allow, e.g. "GET, HEAD, OPTIONS"
    route_access access = route_access::open; ///< of the path, also for `options` and `method_not_allowed`
};

/// Filled at start, by one thread; afterwards resolve() may be called from every loop at once.
class router {
  public:
    /// Registers a handler. Throws std::logic_error if the handler is empty, the pattern malformed, the method one that
    /// the router answers itself (HEAD, OPTIONS) or unknown, or a route of that method and those paths exists.
    route_registration add(method verb, std::string pattern, handler run);

    route_registration get(std::string pattern, handler run) {
        return add(method::get, std::move(pattern), std::move(run));
    }

    route_registration post(std::string pattern, handler run) {
        return add(method::post, std::move(pattern), std::move(run));
    }

    /// `path` is still percent-encoded and without query. HEAD is answered by GET's route (the session leaves the body
    /// out). A literal segment wins over a parameter; no path is normalised, so "/user/1/" and "//user/1" are 404.
    /// "OPTIONS *" is the server's.
    [[nodiscard]] resolution resolve(method verb, std::string_view path) const;

    /// Sets the time limit of every route of that very pattern; says whether there is one.
    bool set_timeout(std::string_view pattern, std::chrono::milliseconds limit);

    /// Takes the routes of that access out, so that their paths are unknown.
    void remove(route_access access);

    /// In the order in which they are asked.
    [[nodiscard]] std::span<const std::unique_ptr<route>> routes() const noexcept { return routes_; }

    /// For whoever changes options after registration (defaults).
    [[nodiscard]] std::span<std::unique_ptr<route>> routes() noexcept { return routes_; }

  private:
    std::vector<std::unique_ptr<route>> routes_; // those that win come first
};

} // namespace muster::handlers
