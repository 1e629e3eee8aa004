// bench/fanout: the command lines of the benchmark's own programs: NAME=VALUE words, all of them needed or with a
// default. Only the runner calls them.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace muster::bench {

class arguments {
  public:
    arguments(int argc, char** argv) {
        for (int i = 1; i < argc; ++i) {
            const std::string_view word = argv[i];
            const auto equals = word.find('=');
            if (equals == std::string_view::npos) {
                throw std::invalid_argument("not NAME=VALUE: " + std::string(word));
            }
            values_.emplace(word.substr(0, equals), word.substr(equals + 1));
        }
    }

    [[nodiscard]] std::string text(const std::string& name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) {
            throw std::invalid_argument(name + "= is missing");
        }
        return found->second;
    }

    [[nodiscard]] std::int64_t number(const std::string& name) const { return std::stoll(text(name)); }

    [[nodiscard]] double real(const std::string& name) const { return std::stod(text(name)); }

  private:
    std::map<std::string, std::string> values_;
};

} // namespace muster::bench
