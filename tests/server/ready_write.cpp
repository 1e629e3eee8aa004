// tests of server/ready_write: how much one write takes.
#include "server/ready_write.hpp"

#include "tests/server/log_sinks.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <csignal>
#include <string>

using muster::server::kind_of;
using muster::server::output_kind;
using muster::server::unique_fd;
using muster::server::write_ready;
using muster::tests::pipe_ends;

TEST_CASE("one write to a pipe is whole lines that fit") {
    pipe_ends pipe;
    const std::string lines = std::string(3'000, 'a') + '\n' + std::string(3'000, 'b') + '\n';
    CHECK(write_ready(pipe.writes.get(), kind_of(pipe.writes.get()), lines) == 3'001);
    CHECK(write_ready(pipe.writes.get(), output_kind::other, std::string(10'000, 'c')) == 4'096);
    pipe.reads = unique_fd();
    ::signal(SIGPIPE, SIG_IGN);
    CHECK(write_ready(pipe.writes.get(), output_kind::other, "x\n").error() == EPIPE);
}
