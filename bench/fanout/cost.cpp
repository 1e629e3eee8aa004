// bench/fanout: see cost.hpp.
#include "bench/fanout/cost.hpp"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace muster::bench {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t kilobyte = 1'024;

} // namespace

account::account(int process) : rollup_("/proc/" + std::to_string(process) + "/smaps_rollup") {
    if (const int error = ::clock_getcpuclockid(process, &clock_); error != 0) {
        throw std::system_error(error, std::generic_category(), "no account of process " + std::to_string(process));
    }
}

std::int64_t account::used() const {
    timespec time{};
    if (::clock_gettime(clock_, &time) != 0) {
        throw std::system_error(errno, std::generic_category(), "the process that is measured has ended");
    }
    return time.tv_sec * second + time.tv_nsec;
}

account::memory account::resident() const {
    std::ifstream file(rollup_);
    memory found{.share = -1, .anonymous = -1};
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string name;
        std::int64_t amount = 0;
        if (words >> name >> amount) {
            if (name == "Pss:") {
                found.share = amount * kilobyte;
            } else if (name == "Pss_Anon:") {
                found.anonymous = amount * kilobyte;
            }
        }
    }
    if (found.share < 0 || found.anonymous < 0) {
        throw std::system_error(ENOENT, std::generic_category(), rollup_);
    }
    return found;
}

std::int64_t idle_time(int core) {
    std::ifstream file("/proc/stat");
    const auto wanted = "cpu" + std::to_string(core);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string name;
        std::int64_t user = 0;
        std::int64_t nice = 0;
        std::int64_t system = 0;
        std::int64_t idle = 0;
        std::int64_t waiting = 0;
        if (words >> name >> user >> nice >> system >> idle >> waiting && name == wanted) {
            return (idle + waiting) * (second / ::sysconf(_SC_CLK_TCK));
        }
    }
    throw std::system_error(ENOENT, std::generic_category(), "/proc/stat has no " + wanted);
}

} // namespace muster::bench
