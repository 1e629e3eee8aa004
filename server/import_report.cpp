// server/: see import_report.hpp.
#include "server/import_report.hpp"

#include "server/logging.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace muster::server {

namespace {

double seconds(import_time took) {
    return std::max(std::chrono::duration<double>(took).count(), 0.001);
}

std::string grouped(std::uint64_t number) {
    auto text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

std::string rate(const upstream::import_counts& counts, import_time took) {
    return grouped(static_cast<std::uint64_t>(static_cast<double>(counts.people) / seconds(took))) + "/s";
}

std::string people(std::uint64_t number) {
    return grouped(number) + (number == 1 ? " person" : " people");
}

} // namespace

std::string sentence_of(const std::string& input, const upstream::bad_line& bad) {
    const auto field = bad.why.field.empty() ? std::string("the line") : printable(bad.why.field);
    return fmt::format("{}:{}: {} {}", printable(input), bad.number, field, bad.why.reason);
}

std::string progress_of(const upstream::import_counts& counts, import_time took, std::uint64_t bytes,
                        std::optional<std::uint64_t> size) {
    auto text = "  " + people(counts.people) + ", " + rate(counts, took);
    if (size && *size > 0) {
        text += fmt::format(", {} %", std::min<std::uint64_t>(100, bytes * 100 / *size));
    }
    return text;
}

std::string summary_of(const upstream::import_counts& counts, import_time took) {
    auto text = fmt::format("{}: {} new, {} replaced, {} unchanged", people(counts.people), grouped(counts.added),
                            grouped(counts.replaced), grouped(counts.unchanged));
    if (counts.bad > 0) {
        text += fmt::format(", {} bad {} skipped", grouped(counts.bad), counts.bad == 1 ? "line" : "lines");
    }
    return text + fmt::format("; {:.1f} s, {}", seconds(took), rate(counts, took));
}

} // namespace muster::server
