// SPDX-License-Identifier: Apache-2.0
#include "core/ip.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

using core::Ipv4;
using core::Prefix;

TEST_CASE("ip: four decimal parts, are read") {
  CHECK(Ipv4::parse("203.0.113.10") == Ipv4{{203, 0, 113, 10}});
  CHECK(Ipv4::parse("0.0.0.0") == Ipv4{});
  CHECK(Ipv4::parse("255.255.255.255") == Ipv4{{255, 255, 255, 255}});
}

TEST_CASE("ip: any other text, is refused") {
  for (const std::string text : {"",
                                 " ",
                                 "10",
                                 "10.1",
                                 "10.0.0",
                                 "10.0.0.256",
                                 "10.0.0.300",
                                 "10.0.0.-1",
                                 "010.0.0.1",
                                 "0x0a.0.0.1",
                                 "10.0.0.1 ",
                                 " 10.0.0.1",
                                 "10.0.0.1/32",
                                 "10.0.0.1.",
                                 ".10.0.0.1",
                                 "10..0.1",
                                 "10.0.0.1.2",
                                 "::1",
                                 "::ffff:10.0.0.1",
                                 "localhost",
                                 "10.0.0.1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(Ipv4::parse(text).has_value());
  }
}

TEST_CASE("ip: text behind a zero byte, is refused") {
  const std::string text("10.0.0.1\0.example.com", 21);
  CHECK_FALSE(Ipv4::parse(text).has_value());
}

TEST_CASE("ip: address that was read, is written as the same text") {
  CHECK(support::ip("203.0.113.10").to_string() == "203.0.113.10");
  CHECK(Ipv4{}.to_string() == "0.0.0.0");
}

TEST_CASE("ip: address, is a number in host byte order and sorted by it") {
  CHECK(support::ip("1.2.3.4").to_number() == 0x01020304U);
  CHECK(support::ip("9.255.255.255") < support::ip("10.0.0.0"));
}

TEST_CASE("prefix: network or an address alone, is read") {
  CHECK(Prefix::parse("10.0.0.0/8") == Prefix{support::ip("10.0.0.0"), 8});
  CHECK(Prefix::parse("192.0.2.1") == Prefix{support::ip("192.0.2.1"), 32});
  CHECK(Prefix::parse("192.0.2.1/32") == Prefix::host(support::ip("192.0.2.1")));
  CHECK(Prefix::parse("0.0.0.0/0") == Prefix{});
  CHECK(Prefix::parse("128.0.0.0/1") == Prefix{support::ip("128.0.0.0"), 1});
}

TEST_CASE("prefix: text that is not a network, is refused") {
  for (const std::string text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/x",
        "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.1/8", "192.0.2.128/24", "0.0.0.1/0", "10.0.0/8",
        "10.0.0.0/99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(Prefix::parse(text).has_value());
  }
}

TEST_CASE("prefix: network, contains only its own addresses") {
  CHECK(support::prefix("10.17.0.0/16").contains(support::ip("10.17.255.255")));
  CHECK_FALSE(support::prefix("10.17.0.0/16").contains(support::ip("10.18.0.0")));
  CHECK(Prefix{}.contains(support::ip("255.255.255.255")));
  CHECK(Prefix::host(support::ip("10.0.0.1")).contains(support::ip("10.0.0.1")));
  CHECK_FALSE(Prefix::host(support::ip("10.0.0.1")).contains(support::ip("10.0.0.0")));
}

TEST_CASE("prefix: network, is written with its length") {
  CHECK(support::prefix("192.0.2.1").to_string() == "192.0.2.1/32");
  CHECK(Prefix{}.to_string() == "0.0.0.0/0");
}
