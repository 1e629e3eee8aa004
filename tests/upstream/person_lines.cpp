// tests/upstream: see person_lines.hpp.
#include "person_lines.hpp"

#include <stdexcept>

namespace muster::upstream::test {

std::string person_line(std::string_view id, const std::vector<int>& posts, std::string_view name) {
    std::string text = R"({"user":{"id":)" + std::string(id) + R"(,"name":")" + std::string(name) +
                       R"(","email":"a@b","created_at":"2024-05-01T12:00:00Z"})";
    if (!posts.empty()) {
        text += R"(,"posts":[)";
        for (std::size_t i = 0; i < posts.size(); ++i)
            text += (i == 0 ? "" : ",") + (R"({"id":)" + std::to_string(posts[i])) +
                    R"(,"title":"t","body":"b","published_at":"2024-05-02T12:00:00Z"})";
        text += ']';
    }
    return text + '}';
}

std::string with(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos)
        throw std::logic_error("the line has no " + std::string(from));
    return text.replace(at, from.size(), to);
}

std::string whole_line() {
    return R"({"user":{"id":7,"name":"Ada","email":"ada@b","created_at":"2024-05-01T12:00:00Z"},)"
           R"("profile":{"bio":"moths","location":"London","website":"https://a.example/","language":"en"},)"
           R"("posts":[{"id":1,"title":"one","body":"eins","published_at":"2024-05-02T12:00:00Z"},)"
           R"({"id":2,"title":"two","body":"zwei","published_at":"2024-05-03T12:00:00Z"}]})";
}

} // namespace muster::upstream::test
