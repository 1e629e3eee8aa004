// tests of server/log_output: against real pipes, FIFOs, files and a device that is full.
#include "server/log_output.hpp"
#include "tests/server/log_sinks.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

using muster::server::kind_of;
using muster::server::line_source;
using muster::server::log_output;
using muster::server::output_kind;
using muster::server::unique_fd;
using muster::tests::content;
using muster::tests::drain;
using muster::tests::folder;
using muster::tests::pipe_ends;
using namespace std::chrono_literals;

namespace {

/// Numbered lines, as many as the test says.
class numbers final : public line_source {
  public:
    void take(std::string& to, std::size_t enough) override {
        while (next_ != end && to.size() < enough) {
            to += "line " + std::to_string(next_++) + '\n';
        }
    }

    void append_dropped(std::string& to, std::uint64_t n) override { to += "dropped " + std::to_string(n) + '\n'; }

    [[nodiscard]] std::uint64_t waiting() const noexcept override { return end - next_; }

    [[nodiscard]] std::uint64_t dropped() const noexcept override {
        if (lost < 100'000) { // a writer that only tells of them comes to an end, too
            lost += lost_by_each_look;
        }
        return lost;
    }

    std::uint64_t end = 0;
    mutable std::uint64_t lost = 0;
    std::uint64_t lost_by_each_look = 0;

  private:
    std::uint64_t next_ = 0;
};

std::string expected(std::uint64_t from, std::uint64_t to) {
    std::string text;
    for (; from != to; ++from) {
        text += "line " + std::to_string(from) + '\n';
    }
    return text;
}

} // namespace

TEST_CASE("a pipe that nobody reads is written until it is full, and goes on where it stopped") {
    pipe_ends pipe;
    log_output output(pipe.writes.get(), "standard output");
    numbers source;
    source.end = 50'000;
    CHECK_FALSE(output.write(source, 1h));
    auto status = output.status(source);
    CHECK(status.stuck);
    CHECK(status.why == "nobody reads it");
    CHECK(status.written + status.waiting == 50'000);
    std::string got = drain(pipe.reads.get());
    CHECK(got.ends_with('\n')); // whole lines only: others may write to it too
    while (!output.write(source, 1h)) {
        got += drain(pipe.reads.get());
    }
    got += drain(pipe.reads.get());
    CHECK(got == expected(0, 50'000));
    status = output.status(source);
    CHECK(status.written == 50'000);
    CHECK(status.waiting == 0);
    CHECK_FALSE(status.stuck);
}

TEST_CASE("what was dropped is told by the next line that gets through, once, with all of them") {
    pipe_ends pipe;
    log_output output(pipe.writes.get(), "standard output");
    numbers source;
    source.end = 50'000;
    CHECK_FALSE(output.write(source, 1h));
    for (source.lost = 10; source.lost != 15; ++source.lost) {
        CHECK_FALSE(output.write(source, 1h));
    }
    CHECK(output.status(source).untold == 15);
    const auto before = drain(pipe.reads.get());
    std::string got;
    while (!output.write(source, 1h)) {
        got += drain(pipe.reads.get());
    }
    got += drain(pipe.reads.get());
    CHECK(got.starts_with("dropped 15\nline "));
    CHECK(before + got.substr(11) == expected(0, 50'000));
    CHECK(output.status(source).untold == 0);
    CHECK(output.status(source).written == 50'000); // the note is none of them
    CHECK(output.write(source, 1h));
    CHECK(drain(pipe.reads.get()).empty());
    source.lost = 16;
    CHECK(output.write(source, 1h)); // also when there is no other line
    CHECK(drain(pipe.reads.get()) == "dropped 1\n");
}

TEST_CASE("records get through although every look finds more that were dropped") {
    const folder here;
    const auto path = here / "log";
    log_output output(path);
    numbers source;
    source.end = 20'000; // more than is taken at a time
    source.lost = 1;
    source.lost_by_each_look = 1;
    CHECK(output.write(source, 1h));
    auto got = content(path);
    CHECK(got.starts_with("dropped "));
    std::uint64_t notes = 0;
    std::uint64_t told = 0;
    for (auto at = got.find("dropped "); at != std::string::npos; at = got.find("dropped ", at)) {
        told += std::stoull(got.substr(at + 8));
        got.erase(at, got.find('\n', at) + 1 - at);
        ++notes;
    }
    CHECK(got == expected(0, 20'000));
    CHECK(notes < 10); // one each time that lines are taken
    source.lost_by_each_look = 0;
    CHECK(output.status(source).untold == source.lost - told);
}

TEST_CASE("a FIFO without a reader is not waited for; its reader gets every line") {
    const folder here;
    const auto path = here / "fifo";
    ::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    log_output output(path);
    CHECK(output.open() == ENXIO);
    numbers source;
    source.end = 3;
    CHECK_FALSE(output.write(source, 1h));
    CHECK(output.status(source).why == "it has no reader");
    {
        const unique_fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
        CHECK(output.write(source, 1h));
        CHECK(drain(reader.get()) == expected(0, 3));
    }
    source.end = 5;
    CHECK_FALSE(output.write(source, 1h)); // it has left
    const unique_fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    CHECK(output.write(source, 1h));
    CHECK(drain(reader.get()) == expected(3, 5));
}

TEST_CASE("a full disk keeps lines waiting") {
    log_output output("/dev/full");
    numbers source;
    source.end = 10;
    CHECK_FALSE(output.write(source, 1h));
    CHECK_FALSE(output.write(source, 1h));
    const auto status = output.status(source);
    CHECK(status.written == 0);
    CHECK(status.waiting == 10);
    CHECK(status.why == "No space left on device");
}

TEST_CASE("a file that may not grow ends inside a line, which is finished when it may") {
    const folder here;
    const auto path = here / "log";
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    log_output output(path);
    numbers source;
    source.end = 1'000;
    source.lost = 0;
    const rlimit narrow{.rlim_cur = 1'001, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &narrow) == 0);
    const bool all = output.write(source, 1h);
    source.lost = 4;
    const bool still = output.write(source, 1h);
    const auto status = output.status(source);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_FALSE(all);
    CHECK_FALSE(still);
    CHECK(status.written + status.waiting == 1'000);
    CHECK(content(path).size() == 1'001);
    CHECK_FALSE(content(path).ends_with('\n'));
    CHECK(output.write(source, 1h));
    auto got = content(path);
    const auto note = got.find("dropped 4\n");
    REQUIRE(note != std::string::npos);
    CHECK(got[note - 1] == '\n');
    CHECK(note < 1'020); // right behind the line that was cut
    got.erase(note, 10);
    CHECK(got == expected(0, 1'000));
    CHECK(output.status(source).written == 1'000);
}

TEST_CASE("a file is opened again under its name: no line is lost or written twice") {
    const folder here;
    const auto path = here / "log";
    log_output output(path);
    numbers source;
    source.end = 10;
    CHECK(output.write(source, 1h));
    output.reopen_soon(); // it was not renamed
    source.end = 20;
    CHECK(output.write(source, 1h));
    std::filesystem::rename(path, here / "log.1");
    source.end = 30;
    CHECK(output.write(source, 1h)); // nobody said so yet
    CHECK(output.reopens() == false);
    output.reopen_soon();
    CHECK(output.reopens());
    CHECK(output.write(source, 1h)); // there when it is asked for, not at the next line
    CHECK(std::filesystem::exists(path));
    source.end = 40;
    CHECK(output.write(source, 1h));
    CHECK(content(here / "log.1") == expected(0, 30));
    CHECK(content(path) == expected(30, 40));
    struct stat what{};
    REQUIRE(::stat(path.c_str(), &what) == 0);
    CHECK((what.st_mode & 0007) == 0); // addresses of people are not for everybody on the machine
}

TEST_CASE("a file that cannot be opened again goes on under its old name") {
    const folder here;
    std::filesystem::create_directory(here.path() / "d");
    const auto path = here / "d/log";
    log_output output(path);
    numbers source;
    source.end = 1;
    CHECK(output.write(source, 1h));
    std::filesystem::rename(here / "d", here / "e");
    output.reopen_soon();
    source.end = 2;
    CHECK(output.write(source, 1h));
    CHECK(content(here / "e/log") == expected(0, 2));
}

TEST_CASE("an opening again that fails is told, and tried again by later writes") {
    const folder here;
    const auto path = here / "log";
    log_output output(path, 0s);
    numbers source;
    source.end = 1;
    CHECK(output.write(source, 1h));
    std::filesystem::rename(path, here / "log.1");
    std::filesystem::create_directory(path);
    CHECK(output.status(source).not_reopened.empty());
    output.reopen_soon();
    source.end = 2;
    CHECK(output.write(source, 1h));
    CHECK(output.status(source).not_reopened == "Is a directory");
    CHECK_FALSE(output.status(source).stuck);
    source.end = 3;
    CHECK(output.write(source, 1h));
    CHECK(output.status(source).not_reopened == "Is a directory");
    std::filesystem::remove(path);
    source.end = 4;
    CHECK(output.write(source, 1h)); // nobody asked again
    CHECK(output.status(source).not_reopened.empty());
    CHECK(content(here / "log.1") == expected(0, 3));
    CHECK(content(path) == expected(3, 4));
}

TEST_CASE("between tries to open a file again there is a pause, but not for who asks again") {
    const folder here;
    const auto path = here / "log";
    log_output output(path, 1h);
    numbers source;
    source.end = 1;
    CHECK(output.write(source, 1h));
    std::filesystem::rename(path, here / "log.1");
    std::filesystem::create_directory(path);
    output.reopen_soon();
    source.end = 2;
    CHECK(output.write(source, 1h));
    std::filesystem::remove(path);
    source.end = 3;
    CHECK(output.write(source, 1h));
    CHECK(content(here / "log.1") == expected(0, 3));
    output.reopen_soon();
    source.end = 4;
    CHECK(output.write(source, 1h));
    CHECK(content(path) == expected(3, 4));
}

TEST_CASE("a line that a full disk cut is whole in the next file") {
    const folder here;
    const auto path = here / "log";
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    log_output output(path);
    numbers source;
    source.end = 100;
    const rlimit narrow{.rlim_cur = 101, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &narrow) == 0);
    const bool all = output.write(source, 1h);
    std::filesystem::rename(path, here / "log.1");
    output.reopen_soon();
    const bool some = output.write(source, 1h);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_FALSE(all);
    CHECK_FALSE(some); // the new one is as narrow
    CHECK(output.write(source, 1h));
    auto first = content(here / "log.1");
    first.erase(first.rfind('\n') + 1); // the torn end
    CHECK(first + content(path) == expected(0, 100));
}

TEST_CASE("a socket is not waited for") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd mine(ends[0]);
    const unique_fd other(ends[1]);
    CHECK(kind_of(mine.get()) == output_kind::socket);
    log_output output(mine.get(), "standard output");
    numbers source;
    source.end = 200'000;
    CHECK_FALSE(output.write(source, 1h));
    ::fcntl(other.get(), F_SETFL, O_NONBLOCK);
    std::string got;
    do {
        got += drain(other.get());
    } while (!output.write(source, 1h));
    got += drain(other.get());
    CHECK(got == expected(0, 200'000));
}

TEST_CASE("a terminal with a little room does not keep the writer") {
    const unique_fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
    REQUIRE(master);
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    std::array<char, 64> name{};
    REQUIRE(::ptsname_r(master.get(), name.data(), name.size()) == 0);
    const unique_fd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(terminal);
    log_output output(terminal.get(), "standard output");
    numbers source;
    source.end = 20'000;
    CHECK_FALSE(output.write(source, 1h)); // it returns
    std::string got;
    do {
        got += drain(master.get());
    } while (!output.write(source, 1h));
    for (std::string more; !(more = drain(master.get())).empty();) {
        got += more;
    }
    std::erase(got, '\r'); // a terminal's ends of lines
    CHECK(got == expected(0, 20'000));
    CHECK((::fcntl(terminal.get(), F_GETFL) & O_NONBLOCK) == 0); // it is others' terminal, too
}

TEST_CASE("writing stops after its slice, although there is more") {
    const folder here;
    log_output output(here / "log");
    numbers source;
    source.end = 1'000'000;
    CHECK(output.write(source, 0s));
    CHECK(source.waiting() != 0);
}
