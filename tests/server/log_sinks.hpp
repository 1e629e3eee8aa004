// tests/server: files and pipes into which the tests of the logs write.
#pragma once

#include "server/unique_fd.hpp"
#include "tests/support/temporary_directory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>

namespace muster::tests {

class folder : public muster::tests::temporary_directory {
  public:
    [[nodiscard]] std::string operator/(const char* name) const { return file(name); }
};

inline std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

inline std::string drain(int descriptor) {
    std::string text;
    std::array<char, 65'536> piece;
    for (ssize_t n = 0; (n = ::read(descriptor, piece.data(), piece.size())) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(n));
    }
    return text;
}

struct pipe_ends {
    pipe_ends() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reads = server::unique_fd(ends[0]);
        writes = server::unique_fd(ends[1]);
        ::fcntl(reads.get(), F_SETFL, O_NONBLOCK); // the other end is not touched: it may be another's
    }

    server::unique_fd reads;
    server::unique_fd writes;
};

} // namespace muster::tests
