// SPDX-License-Identifier: Apache-2.0
#include "core/redact.hpp"

#include <doctest/doctest.h>

using core::holds_token;
using core::redacted;

TEST_CASE("redact: what has no secret in it stays as it is") {
  for (const char* text : {"", "default route goes via 203.0.113.1, wanted 10.17.0.1",
                           "GET https://192.0.2.2/v2/reserved_ips?per_page=200&page=1: 200",
                           "see https://example.org, or ask admin@example.org", "eyJ", "keyJobs",
                           "dop_v1_", "Bearer ", "://"}) {
    CHECK(redacted(text) == text);
    CHECK_FALSE(holds_token(text));
  }
}

TEST_CASE("redact: a token of DigitalOcean's keeps its kind only") {
  CHECK(redacted("\"dop_v1_0123abc\" is not an IPv4 address") ==
        "\"dop_v1_***\" is not an IPv4 address");
  CHECK(redacted("doo_v1_a,dor_v1_b") == "doo_v1_***,dor_v1_***");
  CHECK(holds_token("--floating-ips=dop_v1_0123abc"));
}

TEST_CASE("redact: a JSON web token is gone") {
  CHECK(redacted("x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln y") == "x *** y");
  CHECK(holds_token("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrIn0.c2ln"));
}

TEST_CASE("redact: what a server says back of our own header") {
  CHECK(redacted("bad header: Authorization: Bearer s3cr+t/=, sorry") ==
        "bad header: Authorization: Bearer ***, sorry");
}

TEST_CASE("redact: user and password in a URL") {
  CHECK(redacted("\"ftp://me:pass@word@host/x@y\" is no URL") == "\"ftp://***@y\" is no URL");
  CHECK(redacted("https://me:pass/word@host/x") == "https://***@host/x");
  CHECK_FALSE(holds_token("https://me:password@host"));
}
