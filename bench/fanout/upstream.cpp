// bench/fanout: bench_upstream, the services behind every contestant: users, profiles and posts, each on a port of its
// own, answered from memory by one thread that never sleeps.
//
//     bench_upstream PEOPLE [hang-posts | delay-posts MILLISECONDS]
//
// prints its three ports and serves until it is ended. GET /counts on any of them says how often each was asked.
#include "bench/fanout/messages.hpp"
#include "bench/fanout/people.hpp"
#include "bench/fanout/sockets.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace muster::bench {

namespace {

constexpr std::int64_t millisecond = 1'000'000;

/// What happens to a question for posts.
struct manner {
    bool hang = false;
    std::int64_t delay = 0; // ns
};

struct connection {
    unique_fd socket;
    inbox in;
};

class upstream_server {
  public:
    upstream_server(std::int64_t people, manner posts) : manner_(posts) {
        const auto date = http_date();
        for (std::int64_t id = 1; id <= people; ++id) {
            const auto documents = documents_of(id);
            answers_.push_back({json_answer(date, documents.user), json_answer(date, documents.profile),
                                json_answer(date, documents.posts)});
        }
        for (std::size_t i = 0; i != doors_.size(); ++i) {
            doors_[i] = listen_on_loopback();
            poller_.watch(doors_[i].socket, i);
        }
    }

    void serve() {
        std::printf("users 127.0.0.1:%d profiles 127.0.0.1:%d posts 127.0.0.1:%d\n", doors_[0].port, doors_[1].port,
                    doors_[2].port);
        std::fflush(stdout);
        while (true) {
            for (const auto& event : poller_.look()) {
                if (event.data.u64 < doors_.size()) {
                    welcome(doors_[event.data.u64]);
                } else {
                    hear(event);
                }
            }
            for (const auto moment = late_.empty() ? 0 : now(); !late_.empty() && late_.front().due <= moment;
                 late_.pop_front()) {
                if (const auto found = clients_.find(late_.front().client); found != clients_.end()) {
                    answer(*found, *late_.front().bytes);
                }
            }
        }
    }

  private:
    using clients = std::unordered_map<std::uint64_t, std::unique_ptr<connection>>;

    struct late_answer {
        std::int64_t due;
        std::uint64_t client;
        const std::string* bytes;
    };

    void welcome(const listening& door) {
        while (auto socket = accept_from(door.socket)) {
            poller_.watch(socket, next_);
            auto made = std::make_unique<connection>();
            made->socket = std::move(socket);
            clients_.emplace(next_++, std::move(made));
        }
    }

    void hear(const epoll_event& event) {
        const auto found = clients_.find(event.data.u64);
        if (found == clients_.end()) {
            return;
        }
        auto& client = *found->second;
        if (client.in.read_from(client.socket) == inbox::outcome::ended || poller::left(event)) {
            clients_.erase(found); // whoever leaves waits for no answer
            return;
        }
        while (const auto asks = first_question(client.in.unread())) {
            if (asks->target == "/counts") {
                answer(*found, json_answer(http_date(), counted()));
            } else {
                answer(*found, read_target(asks->target));
            }
            client.in.drop(asks->size);
        }
    }

    void answer(clients::value_type& client, asked wanted) {
        const auto kind = static_cast<std::size_t>(wanted.what);
        if (kind >= counts_.size() || wanted.id < 1 || static_cast<std::size_t>(wanted.id) > answers_.size()) {
            throw not_understood("nobody has this here");
        }
        ++counts_[kind];
        const auto& bytes = answers_[static_cast<std::size_t>(wanted.id - 1)][kind];
        if (wanted.what != resource::posts || (!manner_.hang && manner_.delay == 0)) {
            answer(client, bytes);
        } else if (!manner_.hang) {
            late_.push_back({now() + manner_.delay, client.first, &bytes});
        }
    }

    // A client that has left is told so by its next edge.
    static void answer(clients::value_type& client, std::string_view bytes) {
        static_cast<void>(send_whole(client.second->socket, bytes));
    }

    [[nodiscard]] std::string counted() const {
        return R"({"users":)" + std::to_string(counts_[0]) + R"(,"profiles":)" + std::to_string(counts_[1]) +
               R"(,"posts":)" + std::to_string(counts_[2]) + "}\n";
    }

    manner manner_;
    std::vector<std::array<std::string, 3>> answers_;
    std::array<std::uint64_t, 3> counts_{};
    std::array<listening, 3> doors_;
    poller poller_;
    clients clients_;
    std::uint64_t next_ = 3; // smaller ones are the doors
    std::deque<late_answer> late_;
};

manner manner_of(std::string_view word, const char* length) {
    if (word == "hang-posts") {
        return {.hang = true};
    }
    if (word == "delay-posts" && length != nullptr) {
        return {.delay = std::atoi(length) * millisecond};
    }
    throw not_understood("bench_upstream PEOPLE [hang-posts | delay-posts MILLISECONDS]");
}

} // namespace

} // namespace muster::bench

int main(int argc, char** argv) {
    using namespace muster::bench;
    try {
        allow_many_sockets();
        const auto people = argc > 1 ? std::atoi(argv[1]) : 0;
        upstream_server(people, argc > 2 ? manner_of(argv[2], argv[3]) : manner{}).serve();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_upstream: %s\n", error.what());
        return 1;
    }
}
