// SPDX-License-Identifier: Apache-2.0
#include "io/url.hpp"

#include <doctest/doctest.h>

using io::parse_url;

TEST_CASE("url: text, is kept and its scheme read") {
  for (const std::string text : {"https://api.digitalocean.com/", "http://192.0.2.1:8080/ip/",
                                 "https://api.test?format=json", "https://api.test/?a=b&c=d#e",
                                 "HTTPS://api.test:8443/base///", "http://[2001:db8::1]/"}) {
    CAPTURE(text);
    REQUIRE(parse_url(text).has_value());
    CHECK(parse_url(text)->text == text);
    CHECK_FALSE(parse_url(text)->is_loopback);
    CHECK_FALSE(parse_url(text)->has_credentials);
  }
  CHECK(parse_url("HTTPS://api.test")->scheme == "https");
  CHECK(parse_url("http://169.254.169.254")->scheme == "http");
  CHECK(parse_url("https://api.test?format=json")->has_query);
  CHECK(parse_url("https://api.test/#x")->has_query);
  CHECK_FALSE(parse_url("https://api.test/x/")->has_query);
}

TEST_CASE("url: text that is not an http URL with a host, is refused") {
  for (const std::string text :
       {"", "api.digitalocean.com", "api.digitalocean.com:443", "/v2", "//api.test", "https://",
        "https:///v2", "https:/api.test", "https:api.test", "ftp://api.test", "file:///etc/passwd",
        "https://?format=json", "https://api test", "https://api.test/a b", "http://[::1",
        "http://api.test:99999", "https://a.test,b.test", "javascript:alert(1)"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text).has_value());
  }
}

TEST_CASE("url: loopback hosts, are recognised, and similar ones are not") {
  for (const std::string text : {"http://127.0.0.1:8080", "http://127.1.2.3", "http://localhost:1",
                                 "http://[::1]:8080", "http://[::1]"}) {
    CAPTURE(text);
    REQUIRE(parse_url(text).has_value());
    CHECK(parse_url(text)->is_loopback);
  }
  for (const std::string text :
       {"http://localhost.example.com", "http://128.0.0.1", "http://127.0.0.1.example.com",
        "http://[::2]", "http://10.0.0.1"}) {
    CAPTURE(text);
    REQUIRE(parse_url(text).has_value());
    CHECK_FALSE(parse_url(text)->is_loopback);
  }
}

TEST_CASE("url: credentials, are recognised") {
  CHECK(parse_url("https://user@api.test")->has_credentials);
  CHECK(parse_url("https://user:secret@api.test")->has_credentials);
  CHECK(parse_url("https://:secret@api.test")->has_credentials);
  CHECK_FALSE(parse_url("https://127.0.0.1@api.test")->is_loopback);
}
