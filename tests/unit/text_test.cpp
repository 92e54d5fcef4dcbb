// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <doctest/doctest.h>

#include <ctime>

using core::has_token;
using core::redact;

namespace {

std::string repeated(const std::string& text, std::size_t size) {
  std::string result;
  while (result.size() < size) {
    result += text;
  }
  return result;
}

}  // namespace

TEST_CASE("redact: text without a secret, stays") {
  for (const char* text : {"", "default route goes via 203.0.113.1, wanted 10.17.0.1",
                           "GET https://192.0.2.2/v2/reserved_ips?per_page=200&page=1: 200",
                           "see https://example.org, or ask admin@example.org", "eyJ", "keyJobs",
                           "dop_v1_", "Bearer ", "://"}) {
    CHECK(redact(text) == text);
    CHECK_FALSE(has_token(text));
  }
}

TEST_CASE("redact: DigitalOcean token, keeps its prefix only") {
  CHECK(redact("\"dop_v1_0123abc\" is not an IPv4 address") ==
        "\"dop_v1_***\" is not an IPv4 address");
  CHECK(redact("doo_v1_a,dor_v1_b") == "doo_v1_***,dor_v1_***");
  CHECK(has_token("--floating-ips=dop_v1_0123abc"));
}

TEST_CASE("redact: JSON web token, is hidden") {
  CHECK(redact("x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln y") == "x *** y");
  CHECK(has_token("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln"));
}

TEST_CASE("redact: our own header in a reply, is hidden") {
  CHECK(redact("bad header: Authorization: Bearer s3cr+t/=, sorry") ==
        "bad header: Authorization: Bearer ***, sorry");
}

TEST_CASE("redact: user and password in a URL, are hidden") {
  CHECK(redact("\"ftp://me:pass@word@host/x@y\" is no URL") == "\"ftp://***@y\" is no URL");
  CHECK(redact("https://me:pass/word@host/x") == "https://***@host/x");
  CHECK_FALSE(has_token("https://me:password@host"));
}

// 120 KB of "://" took 28 s. Each of these texts was quadratic, or could become so.
TEST_CASE("redact: 128 KiB that resemble secrets, take less than a second") {
  for (const char* text : {"://", "a:// ", "://x@", "eyJ", "eyJ.", "Bearer ", "Bearer x", "dop_v1_",
                           "dop_v1_ ", "@://", "eyJhbGciOiJSUzI1NiJ9.e "}) {
    CAPTURE(text);
    const std::string hostile = repeated(text, std::size_t{128} << 10U);
    const std::clock_t begin = std::clock();  // CPU time, because the machine may be busy
    const std::string result = redact(hostile);
    has_token(hostile);
    CHECK(std::clock() - begin < CLOCKS_PER_SEC);
    CHECK(result.size() <= hostile.size());
  }
}

TEST_CASE("redact: several secrets in one text, are all hidden") {
  CHECK(redact("http://a@h http://b@h/c://d@e dop_v1_x.y eyJhbGciOiJSUzI1NiJ9.eyJ dop_v1_z") ==
        "http://***@h http://***@e dop_v1_*** *** dop_v1_***");
}

TEST_CASE("escape: foreign text, becomes one printable line of at most 200 bytes") {
  CHECK(core::quote("Region mismatch.") == "\"Region mismatch.\"");
  CHECK(core::quote("a\"b\\c\n\x1b[31m\xc3\xa9") == R"("a\"b\\c\x0a\x1b[31m\xc3\xa9")");
  CHECK(core::escape("").empty());
  for (const std::size_t size : {196U, 197U, 198U, 200U, 100'000U}) {
    const std::string text = core::escape(std::string(size, 'x'));
    CHECK(text.size() <= 200);
    CHECK(text.ends_with("...") == (size > 197));
  }
  CHECK(core::escape(std::string(1'000, '\x01')).size() <= 200);
}
