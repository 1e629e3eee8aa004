// upstream/: see sources.hpp.
#include "upstream/sources.hpp"

#include "upstream/http_source.hpp"
#include "upstream/sqlite_source.hpp"

namespace muster::upstream {

namespace {

// Makes one kind or the other of one repository.
template <class Interface, class OnSqlite, class OverHttp>
class maker {
  public:
    maker(const std::vector<concurrency::loop*>& loops, const std::shared_ptr<body_parsers>& parsers,
          const source_reporter& report)
        : loops_(loops),
          parsers_(parsers),
          report_(report) {}

    std::unique_ptr<Interface> operator()(const sqlite_settings& settings) const {
        return std::make_unique<OnSqlite>(settings);
    }

    std::unique_ptr<Interface> operator()(const http_settings& settings) const {
        return std::make_unique<OverHttp>(http_source(settings, loops_, parsers_, report_));
    }

  private:
    const std::vector<concurrency::loop*>& loops_;
    const std::shared_ptr<body_parsers>& parsers_;
    const source_reporter& report_;
};

} // namespace

sources make_sources(const sources_settings& settings, const std::vector<concurrency::loop*>& loops,
                     const source_reporter& report) {
    const auto parsers = std::make_shared<body_parsers>(loops);
    return {
        .users = std::visit(maker<users_repository, sqlite_users, http_users>(loops, parsers, report), settings.users),
        .profiles = std::visit(maker<profiles_repository, sqlite_profiles, http_profiles>(loops, parsers, report),
                               settings.profiles),
        .posts = std::visit(maker<posts_repository, sqlite_posts, http_posts>(loops, parsers, report), settings.posts)};
}

} // namespace muster::upstream
