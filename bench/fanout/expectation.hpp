// bench/fanout: what is asked of a contestant, of whom, and what has to come back.
#pragma once

#include "bench/fanout/messages.hpp"
#include "bench/fanout/people.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace muster::bench {

/// A contestant answered something else than the bytes that are right: nothing that it does counts.
class wrong_answer : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The questions for one route about all people, asked in turn, each with its answer.
class expectation {
  public:
    /// `route` is "/bench/user/" (two fetches) or "/user/" (three).
    expectation(const std::string& route, std::int64_t people) {
        for (std::int64_t id = 1; id <= people; ++id) {
            auto documents = documents_of(id);
            requests_.push_back(get_request(route + std::to_string(id)));
            bodies_.push_back(std::move(route == "/user/" ? documents.page : documents.pair));
        }
    }

    /// The next one's number.
    [[nodiscard]] std::size_t next() noexcept { return next_ = next_ + 1 == requests_.size() ? 0 : next_ + 1; }

    [[nodiscard]] const std::string& request(std::size_t number) const { return requests_[number]; }

    /// Throws wrong_answer unless it is 200 and the right bytes.
    void check(std::size_t number, const answer& got) const {
        if (got.status != 200 || got.body != bodies_[number]) {
            throw wrong_answer("asked for\n" + requests_[number] + "got " + std::to_string(got.status) + " and\n" +
                               std::string(got.body) + "\ninstead of\n" + bodies_[number]);
        }
    }

  private:
    std::vector<std::string> requests_;
    std::vector<std::string> bodies_;
    std::size_t next_ = 0;
};

} // namespace muster::bench
