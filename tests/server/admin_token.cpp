// tests of server/admin_token: what is a token, what brings it, and what is said of it.
#include "server/admin_token.hpp"

#include "tests/support/temporary_directory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>

using muster::handlers::header_list;
using muster::server::admin_token;
using muster::server::read_token_file;

namespace {

bool brings(std::string_view token, std::initializer_list<const char*> authorizations) {
    header_list headers;
    for (const auto* value : authorizations) {
        headers.add("Authorization", value);
    }
    return admin_token::parse(token)->brought_by(headers);
}

std::string fault_of(std::string_view text) {
    const auto token = admin_token::parse(text);
    return token ? "" : token.error();
}

class secret_file {
  public:
    explicit secret_file(std::string_view text, ::mode_t mode = 0600) {
        std::ofstream(name_, std::ios::binary) << text;
        REQUIRE(::chmod(name_.c_str(), mode) == 0);
    }

    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    muster::tests::temporary_directory here_;
    std::string name_ = here_.file("token");
};

} // namespace

TEST_CASE("a token is brought as Bearer, or as the password of Basic under any name") {
    CHECK(brings("open:sesame", {"Bearer open:sesame"}));
    CHECK(brings("open:sesame", {"bearer   open:sesame"}));
    CHECK(brings("open:sesame", {"Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ=="})); // Aladdin:open:sesame
    CHECK(brings("open:sesame", {"BASIC Om9wZW46c2VzYW1l"}));             // :open:sesame
    CHECK(brings("open:sesame\n", {"Bearer open:sesame"}));
    CHECK(brings("open:sesame\r\n", {"Bearer open:sesame"}));
}

TEST_CASE("nothing else brings a token") {
    CHECK_FALSE(brings("sesame", {}));
    for (const auto* value : {"",
                              "Bearer",
                              "Bearer ",
                              "Bearersesame",
                              "sesame",
                              "Bearer sesam",
                              "Bearer sesamesesame",
                              "Bearer sesame1",
                              "Bearer Sesame",
                              "Bearer sesame,",
                              "Bearer x sesame",
                              "Token sesame",
                              "Digest sesame",
                              "Basic sesame",
                              "Basic c2VzYW1l" /* sesame, without a colon */,
                              "Basic c2VzYW1lOg==" /* sesame: */,
                              "Basic OnNlc2FtZXM=" /* :sesames */,
                              "Basic OnNlc2FtZQ" /* no padding */,
                              "Basic Og==" /* : */,
                              "Basic "}) {
        INFO(value);
        CHECK_FALSE(brings("sesame", {value}));
    }
    CHECK(brings("sesame", {"Bearer sesame"}));
    CHECK_FALSE(brings("sesame", {"Bearer sesame", "Bearer sesame"})); // which one is meant, a proxy may see otherwise
    CHECK_FALSE(brings("sesame", {"Bearer wrong", "Bearer sesame"}));
}

TEST_CASE("a token is one line of printable ASCII") {
    CHECK(fault_of("x").empty());
    CHECK(fault_of(std::string(admin_token::longest, 'x') + "\n").empty());
    CHECK(fault_of(std::string(admin_token::longest + 1, 'x')).starts_with("is longer than 4096 bytes"));
    CHECK(fault_of("").starts_with("is empty"));
    CHECK(fault_of("\n").starts_with("is empty"));
    CHECK(fault_of("\r\n").starts_with("is empty"));
    using namespace std::string_view_literals;
    for (const auto text : {"secret\n\n"sv, "secret two"sv, "secret\ttwo"sv, "secret\0"sv, "secret\x7f"sv,
                            "secret\xc3\xa9"sv, "secret\r"sv}) {
        const auto fault = fault_of(text);
        INFO(fault);
        CHECK(fault.starts_with("holds something else than printable ASCII (byte 7): "));
        CHECK_FALSE(fault.contains("secret"));
    }
}

TEST_CASE("the file of a token is read, and its dangers are told") {
    const std::string good = "0123456789abcdef";
    const auto fine = read_token_file(secret_file(good + "\n").name());
    REQUIRE(fine);
    CHECK(fine->warnings.empty());
    CHECK_FALSE(fine->token.guessable());

    const auto open = read_token_file(secret_file(good, 0644).name());
    REQUIRE(open);
    REQUIRE(open->warnings.size() == 1);
    CHECK(open->warnings[0].contains("can be read by everybody on this machine"));

    const auto guessable = read_token_file(secret_file("0123456789abcde", 0640).name());
    REQUIRE(guessable);
    REQUIRE(guessable->warnings.size() == 1);
    CHECK(guessable->warnings[0].contains("fewer than 16 characters"));
    CHECK_FALSE(guessable->warnings[0].contains("0123"));
}

TEST_CASE("a file without a token is refused with the flag, its name and what to do") {
    const secret_file empty("");
    const auto nothing = read_token_file(empty.name());
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error() == "--admin-token-file " + empty.name() +
                                 " is empty; write a token into it, such as what `openssl rand -hex 32` prints");
    CHECK(read_token_file("/nowhere/token").error() ==
          "--admin-token-file /nowhere/token cannot be read: No such file or directory");
    CHECK(read_token_file("/tmp").error() == "--admin-token-file /tmp is not a regular file");
}

TEST_CASE("who brings no token is told both ways, each in a field that browsers read") {
    const auto refusal = muster::server::token_refusal("r-1");
    CHECK(refusal.status == 401);
    CHECK(refusal.content_type == muster::handlers::content_types::problem);
    CHECK(refusal.body.contains("\"request_id\":\"r-1\""));
    CHECK(refusal.headers.lines().contains("WWW-Authenticate: Bearer realm=\"muster admin\"\r\n"
                                           "WWW-Authenticate: Basic realm=\"muster admin\"\r\n"));
    CHECK(refusal.cache_control == "no-store");
}
