// syntax/: which bytes may stand where in HTTP and in URIs, as tables that are looked up byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace muster::syntax {

/// A set of bytes.
class octet_set {
  public:
    /// The letters and digits of ASCII and those of `others`; with `plain` false only those of `others`.
    constexpr explicit octet_set(std::string_view others, bool plain = true) {
        for (std::size_t i = 0; plain && i != 26; ++i) {
            in_['a' + i] = in_['A' + i] = true;
            in_['0' + i % 10] = true;
        }
        for (const char c : others)
            in_[static_cast<unsigned char>(c)] = true;
    }

    [[nodiscard]] constexpr bool operator()(char c) const noexcept { return in_[static_cast<unsigned char>(c)]; }

    /// How many bytes at the front of `text` are all in it.
    [[nodiscard]] constexpr std::size_t span(std::string_view text) const noexcept {
        std::size_t n = 0;
        while (n != text.size() && (*this)(text[n]))
            ++n;
        return n;
    }

    [[nodiscard]] constexpr bool holds(std::string_view text) const noexcept { return span(text) == text.size(); }

  private:
    std::array<bool, 256> in_{};
};

namespace octets {

inline constexpr octet_set digit{"0123456789", false};
inline constexpr octet_set hex{"0123456789abcdefABCDEF", false};
inline constexpr octet_set token{"!#$%&'*+-.^_`|~"};     ///< of methods and field names (RFC 9110, section 5.6.2)
inline constexpr octet_set reg_name{"-._~!$&'()*+,;=%"}; ///< the name of a host, with escapes (RFC 3986, section 3.2.2)
inline constexpr octet_set path{"-._~!$&'()*+,;=:@/%"};  ///< the path of a URI, its slashes and escapes
inline constexpr octet_set query{"-._~!$&'()*+,;=:@/?%"}; ///< the query of a URI

} // namespace octets

} // namespace muster::syntax
