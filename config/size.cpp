// config/: sizes are whole numbers with a unit of two's powers; a bare number is refused, as a duration's is.
#include "config/size.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>

namespace muster::config {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t bytes;
};

constexpr unit units[] = {{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"B", 1}};

} // namespace

std::expected<std::uint64_t, std::string> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t count = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    const std::string_view name{stopped, end};
    const auto found = std::ranges::find(units, name, &unit::name);
    if (error == std::errc::invalid_argument || found == std::end(units))
        return std::unexpected{std::string{"not a size; write 512B, 16KiB or 1MiB"}};
    if (error != std::errc{} || count > most / found->bytes || count * found->bytes < least)
        return std::unexpected{"must be " + size_text(least) + " to " + size_text(most)};
    return count * found->bytes;
}

std::string size_text(std::uint64_t bytes) {
    for (const auto& each : units)
        if (bytes != 0 && bytes % each.bytes == 0)
            return std::to_string(bytes / each.bytes) + std::string{each.name};
    return std::to_string(bytes) + "B";
}

} // namespace muster::config
