// handlers/: what a handler sees of a request. Text of its own, no parser's and no socket's: a handler compiles without
// Beast and is tested without a server.
#pragma once

#include "handlers/header_list.hpp"
#include "handlers/method.hpp"
#include "handlers/path_parameter.hpp"
#include "handlers/target.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

/// The raw material, as the session read it and dispatch named it.
struct request_head {
    std::string method = "GET"; ///< the token
    std::string target = "/";   ///< as it stood in the request line; parse_target() has accepted it (but CONNECT's)
    std::string id{};           ///< the request's id, for logs, rolls and error documents
    header_list headers{};
    std::string body{};
};

/// Immutable, and it stays where it was made (neither copied nor moved), so every view that it hands out holds as long
/// as it does: for the whole request. A handler may keep `const request&` across its awaits.
class request {
  public:
    /// `parameters` are those of the router's match.
    explicit request(request_head head, path_parameters parameters = {});
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    [[nodiscard]] handlers::method method() const noexcept { return method_; }

    [[nodiscard]] const std::string& method_token() const noexcept { return head_.method; }

    [[nodiscard]] const std::string& target() const noexcept { return head_.target; }

    /// Still percent-encoded.
    [[nodiscard]] std::string_view raw_path() const noexcept { return target_.path; }

    /// Decoded as a whole, for people to read: an encoded slash looks like any other here. Made anew by each call.
    [[nodiscard]] std::string path() const;

    /// The parameter of the route's {name}, read from the decoded segment; nothing if it is no T. Throws
    /// std::logic_error if the route has no such parameter: the handler and its route disagree.
    template <class T>
    [[nodiscard]] std::optional<T> path(std::string_view name) const {
        return path_parameter<T>::parse(path_segment(name));
    }

    [[nodiscard]] std::string_view raw_query() const noexcept { return target_.query; }

    /// The first value of that name in the query, decoded on demand; nothing if it is absent.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;

    [[nodiscard]] const header_list& headers() const noexcept { return head_.headers; }

    /// The first value of that header (case is ignored), or nothing.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
        return head_.headers.find(name);
    }

    [[nodiscard]] const std::string& id() const noexcept { return head_.id; }

    [[nodiscard]] const std::string& body() const noexcept { return head_.body; }

  private:
    [[nodiscard]] const std::string& path_segment(std::string_view name) const;

    request_head head_;
    path_parameters parameters_;
    handlers::method method_;
    handlers::target target_; // views of head_.target
};

} // namespace muster::handlers
