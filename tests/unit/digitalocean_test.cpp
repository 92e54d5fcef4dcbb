// SPDX-License-Identifier: Apache-2.0
#include "cloud/digitalocean.hpp"

#include "support/builders.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

using core::Exit;
using support::FakeHttp;
using support::json_reply;
using support::Reply;
using Lines = std::vector<std::string>;

namespace {

const std::string list = "GET https://api.test/v2/reserved_ips?per_page=200&page=";
const std::string one = "GET https://api.test/v2/reserved_ips/198.51.100.8";

const std::string free_entry =
    R"({"ip":"198.51.100.8","droplet":null,"locked":false,"region":{"slug":"nyc3","name":"New York 3"},"project_id":"746c6152"})";
const std::string held_entry =
    R"({"ip":"198.51.100.9","droplet":{"id":3164444,"name":"x"},"region":{"slug":"nyc3"}})";

struct Fixture {
  FakeHttp http = {};
  int token_reads = 0;
  cloud::DigitalOcean api{http, "https://api.test", "/ca.pem", [this] {
                            ++token_reads;
                            return cloud::Secret{"dop_v1_test"};
                          }};

  core::FloatingIp read(const std::string& entry) {
    http.script(one, {json_reply(R"({"reserved_ip":)" + entry + "}")});
    return api.read_address(support::first_choice).value();
  }
  template <typename Call>
  core::Error failure(const std::string& call, Reply reply, Call&& body) {
    http.script(call, {std::move(reply)});
    const auto error = core::failure_of(std::forward<Call>(body));
    REQUIRE(error.has_value());
    return *error;
  }
};

}  // namespace

TEST_CASE("digitalocean: the token is read once, on the first call, and sent as a header") {
  Fixture fixture;
  CHECK(fixture.token_reads == 0);
  fixture.read(free_entry);
  fixture.read(free_entry);
  CHECK(fixture.token_reads == 1);
  CHECK(fixture.http.sent[0].headers == Lines{"Authorization: Bearer dop_v1_test"});
  CHECK(fixture.http.sent[0].ca_file == "/ca.pem");
  CHECK(fixture.http.sent[0].server == io::Server::digitalocean);
}

TEST_CASE("digitalocean: leaves by the address it is told, until told otherwise") {
  Fixture fixture;
  fixture.api.leave_by(support::public_address);
  fixture.read(free_entry);
  fixture.api.leave_by(std::nullopt);
  fixture.read(free_entry);
  CHECK(fixture.http.sent[0].source == support::public_address);
  CHECK_FALSE(fixture.http.sent[1].source.has_value());
}

TEST_CASE("digitalocean: reads an address: free, held, locked, or not to be known") {
  Fixture fixture;
  const auto free = fixture.read(free_entry);
  CHECK(free.address == support::first_choice);
  CHECK(free.region == "nyc3");
  CHECK_FALSE(free.locked);
  CHECK(free.holder_shown);
  CHECK_FALSE(free.holder.has_value());
  const auto held = fixture.read(
      R"({"ip":"198.51.100.8","droplet":{"id":3164444,"name":"x"},"region":{"slug":"nyc3"}})");
  CHECK(held.holder == 3164444);
  CHECK_FALSE(held.locked);
  CHECK(fixture.read(R"({"ip":"198.51.100.8","droplet":null,"locked":true,"region":{"slug":"x"}})")
            .locked);
  // No `droplet` key at all: never to be taken for free (facts, trap 3).
  CHECK_FALSE(
      fixture.read(R"({"ip":"198.51.100.8","locked":false,"region":{"slug":"x"}})").holder_shown);
  CHECK(
      fixture
          .read(R"({"ip":"198.51.100.8","droplet":{"id":9007199254740993},"region":{"slug":"x"}})")
          .holder == 9007199254740993);
}

TEST_CASE("digitalocean: an address that the account lacks is no error") {
  Fixture fixture;
  fixture.http.script(one, {json_reply(R"({"id":"not_found","message":"x"})", 404)});
  CHECK_FALSE(fixture.api.read_address(support::first_choice).has_value());
}

TEST_CASE("digitalocean: reads all pages, counting them itself") {
  Fixture fixture;
  const auto page = [](const std::string& entry, const std::string& links) {
    return json_reply(R"({"reserved_ips":[)" + entry + R"(],"links":)" + links + "}");
  };
  fixture.http.script(list + "1", {page(free_entry, R"({"pages":{"next":"https://evil.test/"}})")});
  fixture.http.script(list + "2", {page(held_entry, R"({"pages":{"next":"https://evil.test/"}})")});
  SUBCASE("the last has no next") {
    fixture.http.script(list + "3", {page(held_entry, R"({"pages":{"first":"x","prev":"y"}})")});
    CHECK(fixture.api.list_addresses().addresses.size() == 3);
  }
  SUBCASE("the last has no pages") {
    fixture.http.script(list + "3", {page(held_entry, "{}")});
    CHECK(fixture.api.list_addresses().addresses.size() == 3);
  }
  SUBCASE("a page that promises more but is empty ends it") {
    fixture.http.script(list + "3", {page("", R"({"pages":{"next":"x"}})")});
    CHECK(fixture.api.list_addresses().addresses.size() == 2);
  }
  CHECK(fixture.http.calls() == Lines{list + "1", list + "2", list + "3"});
}

TEST_CASE("digitalocean: a single page may have no links at all, or null") {
  Fixture fixture;
  for (const std::string body :
       {R"({"reserved_ips":[]})", R"({"reserved_ips":[],"links":null})",
        R"({"reserved_ips":[],"links":{"pages":null},"meta":{"total":0}})"}) {
    fixture.http.script(list + "1", {json_reply(body)});
    CHECK(fixture.api.list_addresses().addresses.empty());
  }
}

TEST_CASE("digitalocean: a listing that never ends is left after 500 pages") {
  Fixture fixture;
  fixture.http.handler = [](const io::Request&) {
    return json_reply(R"({"reserved_ips":[)" + free_entry + R"(],"links":{"pages":{"next":"x"}}})");
  };
  CHECK(fixture.api.list_addresses().addresses.size() == 500);
}

TEST_CASE("digitalocean: a status tells what is wrong, and where to look") {
  Fixture fixture;
  const auto error_reply = [](long status) {
    return json_reply(R"({"id":"x","message":"Sorry.","request_id":"4d9d"})", status);
  };
  const auto read = [&] { fixture.api.read_address(support::first_choice); };
  const auto failure = [&](long status) { return fixture.failure(one, error_reply(status), read); };
  const std::string doing = "read reserved IP 198.51.100.8: ";
  CHECK(failure(401).exit() == Exit::no_permission);
  CHECK(failure(401).what() == doing + "DigitalOcean refuses the token: Sorry. (request 4d9d)");
  CHECK(failure(403).exit() == Exit::no_permission);
  CHECK(failure(403).hint().find("reserved_ip:read") != std::string::npos);
  CHECK(failure(429).exit() == Exit::try_again);
  CHECK(failure(500).exit() == Exit::unavailable);
  CHECK(failure(503).what() == doing + "DigitalOcean answered 503: Sorry. (request 4d9d)");
  for (const long status : {204L, 301L, 302L, 400L, 405L, 418L}) {
    CHECK(failure(status).exit() == Exit::software);
  }
  CHECK(
      fixture.failure(list + "1", error_reply(404), [&] { fixture.api.list_addresses(); }).exit() ==
      Exit::software);
}

TEST_CASE("digitalocean: an error page of a gateway, in HTML, harms nothing") {
  Fixture fixture;
  for (const long status : {401L, 403L, 429L, 502L, 418L}) {
    for (const std::string body : {"<html>Bad Gateway</html>", "", "[]", "null", "\xff\xfe",
                                   R"({"message":7,"request_id":[]})"}) {
      fixture.http.script(
          one, {io::Response{
                   .status = status, .body = body, .headers = {{"x-request-id", "from-header"}}}});
      CHECK(core::failure_of([&] { fixture.api.read_address(support::first_choice); }).has_value());
    }
  }
  CHECK(std::string(
            fixture
                .failure(one,
                         io::Response{
                             .status = 502, .body = "<html>", .headers = {{"x-request-id", "r1"}}},
                         [&] { fixture.api.read_address(support::first_choice); })
                .what())
            .ends_with("DigitalOcean answered 502:  (request r1)"));
}

TEST_CASE("digitalocean: a reply of another shape names the field") {
  Fixture fixture;
  for (
      const std::string body :
      {"", "<html>", "[]", "null", "{}", R"({"reserved_ip":null})", R"({"reserved_ip":[]})",
       R"({"reserved_ip":{"ip":7}})", R"({"reserved_ip":{"ip":"x","region":{"slug":"nyc3"}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8"}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":null}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"locked":"no"}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":{}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":{"id":"x"}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":{"id":1.5}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":{"id":1e300}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":{"id":18446744073709551615}}})",
       R"({"reserved_ip":{"ip":"198.51.100.8","region":{"slug":"x"},"droplet":[]}})"}) {
    CAPTURE(body);
    const auto error = fixture.failure(one, json_reply(body),
                                       [&] { fixture.api.read_address(support::first_choice); });
    CHECK(error.exit() == Exit::software);
    CHECK(std::string(error.what()).starts_with("read reserved IP 198.51.100.8: unexpected reply"));
  }
}

TEST_CASE("digitalocean: an answer about another address is not believed") {
  Fixture fixture;
  const auto error = fixture.failure(one, json_reply(R"({"reserved_ip":)" + held_entry + "}"),
                                     [&] { fixture.api.read_address(support::first_choice); });
  CHECK(error.exit() == Exit::software);
  CHECK(std::string(error.what()).ends_with("unexpected reply: it is about 198.51.100.9"));
}

TEST_CASE("digitalocean: survives every truncation of a listing") {
  Fixture fixture;
  const std::string whole = R"({"reserved_ips":[)" + free_entry + "," + held_entry + "]}";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(fixture
              .failure(list + "1", json_reply(whole.substr(0, size)),
                       [&] { fixture.api.list_addresses(); })
              .exit() == Exit::software);
  }
}
