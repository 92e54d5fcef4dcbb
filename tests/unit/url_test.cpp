// SPDX-License-Identifier: Apache-2.0
#include "io/url.hpp"

#include <doctest/doctest.h>

using io::parse_url;

TEST_CASE("url: reads scheme and host, without a slash at the end") {
  const auto url = parse_url("https://api.digitalocean.com/");
  REQUIRE(url.has_value());
  CHECK(url->text == "https://api.digitalocean.com");
  CHECK(url->scheme == "https");
  CHECK_FALSE(url->loopback);
  CHECK_FALSE(url->has_credentials);
  CHECK(parse_url("http://169.254.169.254")->scheme == "http");
  CHECK(parse_url("HTTPS://api.test:8443/base///")->text == "HTTPS://api.test:8443/base");
  CHECK(parse_url("HTTPS://api.test")->scheme == "https");
}

TEST_CASE("url: refuses what is no http URL with a host") {
  for (const std::string text :
       {"", "api.digitalocean.com", "api.digitalocean.com:443", "/v2", "//api.test", "https://",
        "https:///v2", "ftp://api.test", "file:///etc/passwd", "https://api.test/?a=b",
        "https://api.test/#x", "https://api test", "https://api.test/a b", "http://[::1",
        "http://api.test:99999", "javascript:alert(1)"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text).has_value());
  }
}

TEST_CASE("url: tells loopback, and nothing else that looks like it") {
  for (const std::string text : {"http://127.0.0.1:8080", "http://127.1.2.3", "http://localhost:1",
                                 "http://[::1]:8080", "http://[::1]"}) {
    CAPTURE(text);
    REQUIRE(parse_url(text).has_value());
    CHECK(parse_url(text)->loopback);
  }
  for (const std::string text :
       {"http://localhost.example.com", "http://128.0.0.1", "http://127.0.0.1.example.com",
        "http://[::2]", "http://10.0.0.1"}) {
    CAPTURE(text);
    REQUIRE(parse_url(text).has_value());
    CHECK_FALSE(parse_url(text)->loopback);
  }
}

TEST_CASE("url: tells credentials, which would be logged") {
  CHECK(parse_url("https://user@api.test")->has_credentials);
  CHECK(parse_url("https://user:secret@api.test")->has_credentials);
  CHECK(parse_url("https://:secret@api.test")->has_credentials);
  CHECK_FALSE(parse_url("https://127.0.0.1@api.test")->loopback);
}
