// server/: see request_ids.hpp.
#include "server/request_ids.hpp"

#include <algorithm>
#include <random>

namespace muster::server {

bool valid_request_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

request_ids::request_ids() {
    std::random_device device;
    std::uniform_int_distribution<int> digit(0, 15);
    for (int i = 0; i != 12; ++i) {
        prefix_ += "0123456789abcdef"[digit(device)];
    }
    prefix_ += '-';
}

std::string request_ids::next() {
    return prefix_ + std::to_string(++last_);
}

} // namespace muster::server
