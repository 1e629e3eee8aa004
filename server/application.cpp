// server/: see application.hpp. The order of the members of `house` is the order of the start, and backwards that of
// the end: loops outlive all that runs on them, and the sources' workers end before the loops do.
#include "server/application.hpp"

#include "concurrency/background.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/registry.hpp"
#include "config/default_memory.hpp"
#include "handlers/routes.hpp"
#include "server/admin_token.hpp"
#include "server/binding.hpp"
#include "server/greeting.hpp"
#include "server/limits.hpp"
#include "server/logging.hpp"
#include "server/part_settings.hpp"
#include "server/process_health.hpp"
#include "server/ready_write.hpp"
#include "server/reporter.hpp"
#include "server/roll.hpp"
#include "server/service.hpp"
#include "server/shutdown.hpp"
#include "server/signals.hpp"
#include "server/watch.hpp"
#include "upstream/errors.hpp"
#include "upstream/sqlite_schema.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace muster::server {

namespace {

constexpr std::size_t admin_connections = 64;
constexpr std::size_t buffered_by_admins = 16 << 20; // a roll of 10,000 tasks is a few MB
constexpr std::size_t refusals_at_once = 64;
constexpr std::chrono::milliseconds watch_budget{100};

// True if a database was made and filled.
bool prepare_sources(const config::settings& settings, spdlog::logger& log, const std::atomic<bool>& stop) {
    bool created = false;
    for (const auto& path : databases_of(settings)) {
        const auto state =
            upstream::prepare_database(path, settings.sources_named, settings.seed, [&] { return stop.load(); });
        created = created || state == upstream::open_state::created;
        if (state == upstream::open_state::read_only) {
            log.warn("{} may not be written: after a crash of its writer it could not be recovered from here", path);
        }
    }
    return created;
}

// Throws if the settings name a file that holds no token.
std::optional<admin_token> token_of(const config::settings& settings, spdlog::logger& log) {
    if (settings.admin_token_file.empty()) {
        return std::nullopt;
    }
    auto read = read_token_file(settings.admin_token_file);
    if (!read) {
        throw std::runtime_error(read.error());
    }
    for (const auto& warning : read->warnings) {
        log.warn("{}", warning);
    }
    return std::move(read->token);
}

void warn_of_limits(const config::settings& settings, std::size_t descriptors, spdlog::logger& log) {
    const auto opened = opened_for(settings);
    if (const auto few = settings.max_connections
                             ? warning_of_connections(*settings.max_connections, descriptors, opened)
                             : warning_of_descriptors(descriptors, opened, loops_of(settings))) {
        log.warn("{}", *few);
    }
    if (settings.max_connections) {
        const auto memory = config::memory_allowed();
        if (const auto little =
                warning_of_memory(*settings.max_connections, config::default_connections(memory), memory)) {
            log.warn("{}", *little);
        }
    }
}

struct house {
    house(const config::settings& s, std::shared_ptr<log_queue> lines, std::shared_ptr<spdlog::logger> logger,
          const application_extras& extras, std::size_t descriptors)
        : settings(s),
          log(std::move(logger)),
          gate(places_for(s, descriptors)),
          addresses(places_of_an_address(s, gate.limit()), s.trusted),
          memory(buffered_by_clients(s)),
          admin_memory(buffered_by_admins),
          pool(loops_of(s), 1),
          admin({.name = "admin",
                 .index = static_cast<std::uint32_t>(pool.size()),
                 .stride = static_cast<std::uint32_t>(pool.size() + 1)}),
          reports(admin, pool.size() + 1, s, std::move(lines), *log),
          behind(admin, [this](const concurrency::background::failure& failure) { report(failure); }),
          sources(made_sources(extras)),
          sessions(sessions_of(s)),
          admin_sessions(admin_sessions_of(s)),
          watcher(pool.loops()),
          health(watcher, draining),
          every_loop(with_admin()),
          pool_roll(pool.loops()),
          admin_roll(every_loop),
          roll(admin_roll, gate, [this] { return reports.status(); }),
          router(
              handlers::make_routes({*sources.users, *sources.profiles, *sources.posts}, health, roll, routes_of(s))),
          admin_router(handlers::make_admin_routes(health, roll, routes_of(s))) {
        if (extras.routes) {
            extras.routes(router);
        }
        for (auto* loop : every_loop) {
            loop->on_error([this, name = loop->name()](std::string_view what, const std::exception_ptr& error) {
                report(name, what, error);
            });
        }
        for (auto* loop : pool.loops()) {
            services.push_back(
                std::make_unique<service>(*loop, service_parts{router, sessions, gate, addresses, refused, memory,
                                                               draining, *log, first_kept_descriptor(descriptors),
                                                               reports.log_of(loop->index()), explain_in(settings)}));
        }
    }

    std::vector<concurrency::loop*> with_admin() {
        auto all = pool.loops();
        all.push_back(&admin);
        return all;
    }

    upstream::sources made_sources(const application_extras& extras) {
        auto made = upstream::make_sources(sources_of(settings), pool.loops(),
                                           [this](const std::string& line) { log->warn("{}", line); });
        return extras.sources ? extras.sources(std::move(made)) : std::move(made);
    }

    void report(const std::string& loop, std::string_view what, const std::exception_ptr& error) const noexcept {
        try {
            std::rethrow_exception(error);
        } catch (const upstream::not_found& e) { // nobody waits for that answer any more: it is no fault of ours
            log->debug("{}: {} failed: {}", loop, what, e.what());
        } catch (const upstream::source_error& e) {
            log->debug("{}: {} failed: {}", loop, what, e.what());
        } catch (const std::exception& e) {
            log->error("{}: {} failed: {}", loop, what, e.what());
        } catch (...) {
            log->error("{}: {} failed", loop, what);
        }
    }

    void report(const concurrency::background::failure& failure) const noexcept {
        std::string why = "it returned although nobody had asked it to";
        try {
            if (failure.error) {
                std::rethrow_exception(failure.error);
            }
        } catch (const std::exception& e) {
            why = e.what();
        } catch (...) {
            why = "unknown";
        }
        log->error("background: {} failed: {}{}", failure.name, why,
                   failure.again
                       ? fmt::format("; again in {:.1f} s", std::chrono::duration<double>(*failure.again).count())
                       : "");
    }

    void open_doors() {
        for (const auto& where : settings.listen) {
            auto bound = listen_on(where, services.size(), settings.reuse_port, unacknowledged_in(settings));
            facts.listening.push_back(bound.address);
            std::vector<service*> all;
            std::size_t number = 0;
            for (const auto& each : services) {
                all.push_back(each.get());
                number = each->add_door({.which = door::kind::public_,
                                         .loopback = config::is_local(where),
                                         .address = bound.address,
                                         .token = token});
            }
            if (bound.sockets.size() == 1) { // of a Unix socket there is only one: its connections go round
                all.front()->accept_on(number, std::move(bound.sockets.front()), all);
            } else {
                for (std::size_t i = 0; i != all.size(); ++i) {
                    all[i]->accept_on(number, std::move(bound.sockets[i]), {all[i]});
                }
            }
            files.push_back(std::move(bound.file));
        }
        if (settings.admin) {
            auto bound = listen_on(*settings.admin, 1, settings.reuse_port, unacknowledged_in(settings));
            facts.admin = bound.address;
            admin_service = std::make_unique<service>(
                admin, service_parts{admin_router, admin_sessions, admin_gate, admin_addresses, admin_refused,
                                     admin_memory, draining, *log, std::numeric_limits<int>::max(),
                                     reports.log_of(admin.index()), explain_in(settings)});
            const auto number = admin_service->add_door({.which = door::kind::admin,
                                                         .loopback = config::is_local(*settings.admin),
                                                         .address = bound.address,
                                                         .token = token});
            admin_service->accept_on(number, std::move(bound.sockets.front()), {admin_service.get()});
            admin_file = std::move(bound.file);
        }
    }

    /// `asked`: the signal that came while all this was made; 0: none.
    void run(int asked) {
        for (const auto& each : services) {
            each->start();
        }
        if (admin_service) {
            admin_service->start();
        }
        reports.begin(behind);
        behind.serve("watch", [this](concurrency::service_call& call) { return watcher.run(call); }, watch_budget);
        std::function<void()> hang_up;
        if (logs_to_a_file(settings)) {
            hang_up = [this] { reports.reopen(); };
        }
        admin.spawn("signals", await_signals(
                                   asked,
                                   [this](int signal) {
                                       log->info("{}", name_of_signal(signal));
                                       admin.spawn("shutdown", shut_down(shutdown()));
                                   },
                                   [this] {
                                       files.clear();
                                       admin_file = {};
                                       reports.flush_now();
                                   },
                                   std::move(hang_up)));
        health.set_started();
        pool.start();
        admin.run();
        pool.join();
    }

    shutdown_parts shutdown() {
        std::vector<service*> all;
        for (const auto& each : services) {
            all.push_back(each.get());
        }
        return {.pool = pool,
                .admin = admin,
                .services = std::move(all),
                .admin_service = admin_service.get(),
                .roll = pool_roll,
                .gate = gate,
                .refused = refused,
                .admin_gate = admin_gate,
                .files = files,
                .admin_file = admin_file,
                .draining = draining,
                .delay = settings.drain_delay,
                .drain = config::drain_time(settings),
                .background = behind,
                .log = *log};
    }

    const config::settings& settings;
    std::shared_ptr<spdlog::logger> log;
    std::atomic<bool> draining{false};
    connection_gate gate; // before the loops: what is left in their queues may hold places
    address_gate addresses;
    connection_gate refused{refusals_at_once};
    connection_gate admin_gate{admin_connections};
    address_gate admin_addresses{0, {}}; // its places are few anyhow
    connection_gate admin_refused{refusals_at_once};
    client_buffers memory;
    client_buffers admin_memory; // its own: whoever looks is answered also when the public clients have used up theirs
    concurrency::loop_pool pool;
    concurrency::loop admin;
    reporter reports;
    concurrency::background behind;
    upstream::sources sources;
    session_settings sessions;
    session_settings admin_sessions;
    watch watcher;
    process_health health;
    std::vector<concurrency::loop*> every_loop;
    concurrency::roll_call pool_roll;
    concurrency::roll_call admin_roll;
    process_roll roll;
    handlers::router router;
    handlers::router admin_router;
    std::vector<socket_file> files;
    socket_file admin_file;
    std::vector<std::unique_ptr<service>> services;
    std::unique_ptr<service> admin_service;
    greeting_facts facts;
    const admin_token* token = nullptr; // what every door asks for; set before they are opened
};

int refuse(int code, const std::string& why) {
    write_now(STDERR_FILENO, "muster: " + why + '\n');
    return code;
}

int end_before_serving(start_signals& signals) {
    return refuse(0, name_of_signal(signals.hand_over()) + ": the start ends before anything was served");
}

} // namespace

int serve(const config::settings& settings, const application_extras& extras) {
    start_signals signals(std::chrono::seconds(5), !logs_to_a_file(settings));
    ignore_signals_of_writes();
    const auto descriptors = raise_descriptor_limit();
    try {
        const auto lines = make_log_queue(settings.format);
        const auto log = make_logger(settings.level, settings.format, lines);
        const auto token = token_of(settings, *log);
        const bool created =
            prepare_sources(settings, *log, signals.stop()); // before the sources open what it makes, or refuses
        warn_of_limits(settings, descriptors, *log);
        if (signals.stop()) {
            return end_before_serving(signals);
        }
        house all(settings, lines, log, extras, descriptors);
        all.facts.sample_people = created;
        all.token = token ? &*token : nullptr;
        if (signals.stop()) {
            return end_before_serving(signals);
        }
        all.open_doors(); // last: from here on clients may wait for us, and a stop answers them first
        all.facts.loops = all.services.size();
        write_now(STDOUT_FILENO, greeting(settings, all.facts)); // who does not read it need not keep us
        all.run(signals.hand_over());
        return 0;
    } catch (const upstream::job_interrupted&) { // while a database was filled, or its lock waited for
        return end_before_serving(signals);
    } catch (const handlers::unknown_route& error) {
        const auto given = std::ranges::find(settings.routes, error.pattern(), &config::route_limit::pattern);
        return refuse(2, (given == settings.routes.end() ? std::string() : given->given_as + ": ") +
                             "no such route: " + error.pattern());
    } catch (const std::exception& error) {
        const int code = refuse(1, error.what());
        return signals.stop() ? end_before_serving(signals) : code;
    }
}

} // namespace muster::server
