// upstream/: see json_fault.hpp. nlohmann_json's SAX interface, which keeps no tree and does not recurse.
#include "upstream/json_fault.hpp"

#include "upstream/person_rules.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace muster::upstream {

namespace {

using json = nlohmann::json;

constexpr std::size_t deepest = 64; // a person is four deep; a path is for people to read
constexpr std::size_t longest_path = 80;

class fault_finder final : public json::json_sax_t {
  public:
    explicit fault_finder(std::size_t length) : length_(length) {}

    bad_field fault{"", "is not JSON that this version can read"};

    bool null() override { return value(); }

    bool boolean(bool /*value*/) override { return value(); }

    bool number_integer(std::int64_t /*value*/) override { return value(); }

    bool number_unsigned(std::uint64_t /*value*/) override { return value(); }

    // A whole number that is beyond 64 bits arrives here too.
    bool number_float(double /*value*/, const std::string& raw) override {
        if (raw.find_first_of(".eE") == std::string::npos) {
            fault = {path(), std::string(bad_id)};
            return false;
        }
        return value();
    }

    bool string(std::string& /*value*/) override { return value(); }

    bool binary(json::binary_t& /*value*/) override { return value(); }

    bool start_object(std::size_t /*size*/) override { return open(false); }

    bool key(std::string& name) override {
        levels_.back().name = name;
        return true;
    }

    bool end_object() override { return close(); }

    bool start_array(std::size_t /*size*/) override { return open(true); }

    bool end_array() override { return close(); }

    bool parse_error(std::size_t at, const std::string& /*token*/, const nlohmann::detail::exception& error) override {
        const std::string_view why = error.what();
        if (why.contains("UTF-8"))
            fault = {path(), "is not valid UTF-8 (at byte " + std::to_string(at) + ")"};
        else if (at > length_)
            fault = {path(), "is cut short: the JSON does not end"};
        else
            fault = {path(), "is not valid JSON (at byte " + std::to_string(at) + ")"};
        return false;
    }

  private:
    struct level {
        bool list;
        std::size_t index = 0;
        std::string name;
    };

    bool open(bool list) {
        if (levels_.size() == deepest) {
            fault = {path(), "is nested too deeply"};
            return false;
        }
        levels_.push_back({.list = list, .name = {}});
        return true;
    }

    bool close() {
        levels_.pop_back();
        return value();
    }

    bool value() {
        if (!levels_.empty() && levels_.back().list)
            ++levels_.back().index;
        return true;
    }

    [[nodiscard]] std::string path() const {
        std::string text;
        for (const auto& each : levels_) {
            if (each.list)
                text += '[' + std::to_string(each.index) + ']';
            else if (!each.name.empty())
                text += (text.empty() ? "" : ".") + each.name;
        }
        if (text.size() > longest_path) {
            auto cut = longest_path;
            while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80)
                --cut; // not inside of a character
            text.replace(cut, text.npos, "...");
        }
        return text;
    }

    std::size_t length_;
    std::vector<level> levels_;
};

} // namespace

bad_field find_json_fault(std::string_view line) {
    fault_finder finder(line.size());
    json::sax_parse(line, &finder);
    return finder.fault;
}

} // namespace muster::upstream
