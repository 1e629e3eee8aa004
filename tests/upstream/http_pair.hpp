// tests/upstream: a client of a source and its far side, which the test plays, on one loop.
#pragma once

#include "tests/support/test_loop.hpp"
#include "tests/upstream/far_side.hpp"
#include "upstream/http_client.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace muster::tests {

struct http_pair {
    explicit http_pair(void (*change)(upstream::http_settings&) = nullptr, int backlog = 16) : far(loop, backlog) {
        auto settings = far.settings();
        if (change != nullptr) {
            change(settings);
        }
        client.emplace(settings, std::vector{&loop.get()});
    }

    /// Every permit is back, and no connection is open that does not rest.
    [[nodiscard]] bool at_peace() const {
        return client->pool().open() == client->pool().idle() &&
               client->pool().free_slots() == client->settings().connections;
    }

    /// The far side's connection 0 has carried an exchange.
    void one_at_rest() {
        question first(loop, *client);
        far.accepts();
        far.hears(0);
        far.says(ok("{}"), 0);
        first.ends();
    }

    /// Its connections 0 and 1 have, at the same time; 1 came to rest last, with more fields in its answer.
    void two_at_rest(std::string_view fields_of_second = "") {
        question first(loop, *client, "/1");
        question second(loop, *client, "/2");
        far.accepts();
        far.accepts();
        far.hears(0);
        far.hears(1);
        far.says(ok("1"), 0);
        first.ends();
        far.says(ok("2", fields_of_second), 1);
        second.ends();
    }

    test_loop loop;
    far_side far;
    std::optional<upstream::http_client> client;
};

} // namespace muster::tests
