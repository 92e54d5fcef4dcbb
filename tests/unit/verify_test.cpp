// SPDX-License-Identifier: Apache-2.0
#include "cloud/verify.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

namespace {

const std::string url = "https://whatismyip.test/?format=json";

std::optional<core::Error> failure(const std::string& body, long status = 200) {
  return core::catch_error_except_signals(
      [&] { cloud::decode_whatismyip(url, {.status = status, .body = body}); });
}

}  // namespace

TEST_CASE("verify: text, JSON with ip or a line ip=, is read as an address") {
  for (const std::string body :
       {"198.51.100.8", " 198.51.100.8\r\n", R"({"ip":"198.51.100.8","country":"NL"})",
        R"({ "ip" : " 198.51.100.8" })", R"("198.51.100.8")", "ip=198.51.100.8",
        "fl=29f1\nh=1.1.1.1\nip=198.51.100.8\nts=1700000000.1\n", "h=x\r\nip=198.51.100.8\r\n"}) {
    CAPTURE(body);
    CHECK(cloud::decode_whatismyip(url, {.status = 200, .body = body}) == support::first_choice);
  }
}

TEST_CASE("verify: any other answer, is no proof and is quoted and cut") {
  for (const std::string body :
       {"", "2001:db8::1", "<html>198.51.100.8</html>", "{}", R"({"ip":7})", R"({"ip":"x"})",
        R"({"address":"198.51.100.8"})", "zip=198.51.100.8", "ip=", "198.51.100.8 203.0.113.1"}) {
    CAPTURE(body);
    REQUIRE(failure(body).has_value());
    CHECK(failure(body)->exit() == core::Exit::unavailable);
  }
  CHECK(failure("198.51.100.8", 403).has_value());
  CHECK(std::string(failure("Sorry\n\x1b[2J")->what()) ==
        url + R"( answered 200 and no IPv4 address: "Sorry\x0a\x1b[2J")");
  CHECK(std::string(failure(std::string(4'096, '['))->what()).size() < 400);
}

TEST_CASE("verify: answer, may have 4 KiB") {
  CHECK(cloud::whatismyip_request(url, "").largest_reply == 4'096);
}
