// upstream/: the three repositories on another muster, asked over HTTP. Each source has connections of its own, so that
// a hung one starves no other.
#pragma once

#include "concurrency/loop.hpp"
#include "upstream/http_bodies.hpp"
#include "upstream/http_client.hpp"
#include "upstream/repositories.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace muster::upstream {

/// One parser a loop, for all sources: a body is read without an await. Outlives the tasks that use it.
class body_parsers {
  public:
    explicit body_parsers(const std::vector<concurrency::loop*>& loops);

    /// Of one of those loops; on its thread.
    [[nodiscard]] body_parser& of(const concurrency::loop& home) noexcept;

  private:
    struct place {
        const concurrency::loop* home;
        std::unique_ptr<body_parser> parser;
    };

    std::vector<place> places_;
};

/// What one source over HTTP owns: how it is asked is told in http_client.hpp, with all errors but one: source_failed
/// (bad_body) for an answer that is not the JSON it has to be. 404 is an absent row.
class http_source {
  public:
    http_source(const http_settings& settings, const std::vector<concurrency::loop*>& loops,
                std::shared_ptr<body_parsers> parsers, http_pool::reporter report);

    [[nodiscard]] http_client& client() const noexcept { return *client_; }

    [[nodiscard]] body_parsers& parsers() const noexcept { return *parsers_; }

  private:
    std::shared_ptr<body_parsers> parsers_;
    std::unique_ptr<http_client> client_;
};

class http_users final : public users_repository {
  public:
    explicit http_users(http_source source) : source_(std::move(source)) {}

    [[nodiscard]] concurrency::task<std::optional<user>> find(user_id id) const override;

  private:
    http_source source_;
};

class http_profiles final : public profiles_repository {
  public:
    explicit http_profiles(http_source source) : source_(std::move(source)) {}

    [[nodiscard]] concurrency::task<std::optional<profile>> find(user_id id) const override;

  private:
    http_source source_;
};

class http_posts final : public posts_repository {
  public:
    explicit http_posts(http_source source) : source_(std::move(source)) {}

    /// A user that the far side does not know has no posts. More than `longest_list` are not asked for.
    [[nodiscard]] concurrency::task<std::vector<post>> latest(user_id author, int limit) const override;

    static constexpr int longest_list = 500; ///< what a muster gives at most (handlers/users_api)

  private:
    http_source source_;
};

} // namespace muster::upstream
