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
    const auto error = core::catch_error_except_signals(std::forward<Call>(body));
    REQUIRE(error.has_value());
    return *error;
  }
};

}  // namespace

TEST_CASE("digitalocean: token, is read at the first call and sent as a header") {
  Fixture fixture;
  CHECK(fixture.token_reads == 0);
  fixture.read(free_entry);
  fixture.read(free_entry);
  CHECK(fixture.token_reads == 1);
  CHECK(fixture.http.sent[0].headers == Lines{"Authorization: Bearer dop_v1_test"});
  CHECK(fixture.http.sent[0].ca_file == "/ca.pem");
  CHECK(fixture.http.sent[0].server == io::Server::digitalocean);
}

TEST_CASE("digitalocean: source address, is used until it is reset") {
  Fixture fixture;
  fixture.api.set_source(support::public_address);
  fixture.read(free_entry);
  fixture.api.set_source(std::nullopt);
  fixture.read(free_entry);
  CHECK(fixture.http.sent[0].source == support::public_address);
  CHECK_FALSE(fixture.http.sent[1].source.has_value());
}

TEST_CASE("digitalocean: address entry, is read as free, held, locked or unknown") {
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
  // An entry without a `droplet` key never counts as free (facts, trap 3).
  CHECK_FALSE(
      fixture.read(R"({"ip":"198.51.100.8","locked":false,"region":{"slug":"x"}})").holder_shown);
  CHECK(
      fixture
          .read(R"({"ip":"198.51.100.8","droplet":{"id":9007199254740993},"region":{"slug":"x"}})")
          .holder == 9007199254740993);
}

TEST_CASE("digitalocean: address not in the account, is not an error") {
  Fixture fixture;
  fixture.http.script(one, {json_reply(R"({"id":"not_found","message":"x"})", 404)});
  CHECK_FALSE(fixture.api.read_address(support::first_choice).has_value());
}

TEST_CASE("digitalocean: several pages, are counted and read to the last one") {
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
  SUBCASE("an empty page ends the list although it promises more") {
    fixture.http.script(list + "3", {page("", R"({"pages":{"next":"x"}})")});
    CHECK(fixture.api.list_addresses().addresses.size() == 2);
  }
  CHECK(fixture.http.calls() == Lines{list + "1", list + "2", list + "3"});
}

TEST_CASE("digitalocean: single page, may have no links or null") {
  Fixture fixture;
  for (const std::string body :
       {R"({"reserved_ips":[]})", R"({"reserved_ips":[],"links":null})",
        R"({"reserved_ips":[],"links":{"pages":null},"meta":{"total":0}})"}) {
    fixture.http.script(list + "1", {json_reply(body)});
    CHECK(fixture.api.list_addresses().addresses.empty());
  }
}

TEST_CASE("digitalocean: endless list, stops after 500 pages") {
  Fixture fixture;
  fixture.http.handler = [](const io::Request&) {
    return json_reply(R"({"reserved_ips":[)" + free_entry + R"(],"links":{"pages":{"next":"x"}}})");
  };
  CHECK(fixture.api.list_addresses().addresses.size() == 500);
}

TEST_CASE("digitalocean: every error status, names the problem and the next step") {
  Fixture fixture;
  const auto error_reply = [](long status) {
    return json_reply(R"({"id":"x","message":"Sorry.","request_id":"4d9d"})", status);
  };
  const auto read = [&] { fixture.api.read_address(support::first_choice); };
  const auto failure = [&](long status) { return fixture.failure(one, error_reply(status), read); };
  const std::string doing = "cannot read reserved IP 198.51.100.8: ";
  CHECK(failure(401).exit() == Exit::no_permission);
  CHECK(failure(401).what() == doing + "DigitalOcean refuses the token: \"Sorry.\" (request 4d9d)");
  CHECK(failure(403).exit() == Exit::no_permission);
  CHECK(failure(403).hint().find("reserved_ip:read") != std::string::npos);
  CHECK(failure(429).exit() == Exit::try_again);
  CHECK(failure(500).exit() == Exit::unavailable);
  CHECK(failure(503).what() == doing + "DigitalOcean answered 503: \"Sorry.\" (request 4d9d)");
  for (const long status : {301L, 302L, 400L, 402L, 405L, 408L, 418L, 425L, 451L, 520L, 530L}) {
    CHECK(failure(status).exit() == Exit::unavailable);
  }
  CHECK(failure(204).exit() == Exit::software);
  const auto list_all = [&] { fixture.api.list_addresses(); };
  const auto no_such_api = fixture.failure(list + "1", error_reply(404), list_all);
  CHECK(no_such_api.exit() == Exit::config);
  CHECK(no_such_api.hint().find("--api-url") != std::string::npos);
}

TEST_CASE("digitalocean: HTML error page of a gateway, is reported as such") {
  Fixture fixture;
  for (const long status : {401L, 403L, 429L, 502L, 418L}) {
    for (const std::string body : {"<html>Bad Gateway</html>", "", "[]", "null", "\xff\xfe",
                                   R"({"message":7,"request_id":[]})"}) {
      fixture.http.script(
          one, {io::Response{
                   .status = status, .body = body, .headers = {{"x-request-id", "from-header"}}}});
      CHECK(core::catch_error_except_signals([&] {
              fixture.api.read_address(support::first_choice);
            }).has_value());
    }
  }
  CHECK(
      std::string(
          fixture
              .failure(one,
                       io::Response{.status = 502, .body = "", .headers = {{"x-request-id", "r1"}}},
                       [&] { fixture.api.read_address(support::first_choice); })
              .what())
          .ends_with("DigitalOcean answered 502: no reason given (request r1)"));
}

TEST_CASE("digitalocean: reply of another shape, names the field") {
  Fixture fixture;
  for (const std::string body :
       {"", "[]", "null", "{}", R"({"reserved_ip":null})", R"({"reserved_ip":[]})",
        R"({"reserved_ip":{"ip":7}})", R"({"reserved_ip":{"ip":"x","region":{"slug":"nyc3"}}})"}) {
    CAPTURE(body);
    const auto error = fixture.failure(one, json_reply(body),
                                       [&] { fixture.api.read_address(support::first_choice); });
    CHECK(error.exit() == Exit::software);
    CHECK(std::string(error.what())
              .starts_with("cannot read reserved IP 198.51.100.8: unexpected reply"));
  }
}

TEST_CASE("digitalocean: reply about another address, is refused") {
  Fixture fixture;
  const auto error = fixture.failure(one, json_reply(R"({"reserved_ip":)" + held_entry + "}"),
                                     [&] { fixture.api.read_address(support::first_choice); });
  CHECK(error.exit() == Exit::software);
  CHECK(std::string(error.what()).ends_with("unexpected reply: it is about 198.51.100.9"));
}

TEST_CASE("digitalocean: every truncation of a list, is reported as an error") {
  Fixture fixture;
  const std::string whole = R"({"reserved_ips":[)" + free_entry + "," + held_entry + "]}";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(fixture
              .failure(list + "1", json_reply(whole.substr(0, size)),
                       [&] { fixture.api.list_addresses(); })
              .exit() == Exit::software);
  }
}

TEST_CASE("digitalocean: answer of a CDN or a proxy, is not read as DigitalOcean's") {
  Fixture fixture;
  const std::string challenge = "<!DOCTYPE html><html>Just a moment...</html>";
  const auto read = [&] { fixture.api.read_address(support::first_choice); };
  for (const long status : {200L, 401L, 403L, 404L, 503L, 522L}) {
    CAPTURE(status);
    const std::vector<io::Response> replies = {
        {.status = status, .body = challenge},
        {.status = status, .body = "\n  <html>"},
        {.status = status, .body = "x", .headers = {{"content-type", "text/html; charset=utf-8"}}}};
    for (const io::Response& reply : replies) {
      const auto error = fixture.failure(one, reply, read);
      CHECK(error.exit() == Exit::unavailable);
      CHECK(std::string(error.what()).find("a proxy or a CDN answered") != std::string::npos);
      CHECK(error.hint().find("scope") == std::string::npos);
    }
  }
  for (const char* body : {"error code: 1020", "[]", R"({"error":"blocked by policy"})"}) {
    CHECK(fixture.failure(one, json_reply(body, 403), read).exit() == Exit::unavailable);
  }
}

TEST_CASE("digitalocean: malformed entry, is not readable and does not affect others") {
  Fixture fixture;
  for (const std::string rest :
       {R"("region":null,"droplet":null)", R"("region":{},"droplet":null)",
        R"("region":{"slug":"x"},"droplet":null,"locked":"no")",
        R"("region":{"slug":"x"},"droplet":{})", R"("region":{"slug":"x"},"droplet":{"id":"x"})",
        R"("region":{"slug":"x"},"droplet":{"id":1.5})",
        R"("region":{"slug":"x"},"droplet":{"id":1e300})",
        R"("region":{"slug":"x"},"droplet":{"id":18446744073709551615})",
        R"("region":{"slug":"x"},"droplet":[])"}) {
    CAPTURE(rest);
    const std::string odd = R"({"ip":"198.51.100.8",)" + rest + "}";
    CHECK_FALSE(fixture.read(odd).readable);
    CHECK_FALSE(fixture.read(odd).holder.has_value());
    fixture.http.script(list + "1",
                        {json_reply(R"({"reserved_ips":[)" + odd + "," + held_entry + "]}")});
    const auto listed = fixture.api.list_addresses().addresses;
    REQUIRE(listed.size() == 2);
    CHECK_FALSE(listed[0].readable);
    CHECK(listed[1].holder == 3164444);
  }
  for (const std::string alien : {"null", "7", "[]", R"({"ip":7})", R"({"ip":"2001:db8::1"})"}) {
    fixture.http.script(list + "1",
                        {json_reply(R"({"reserved_ips":[)" + alien + "," + held_entry + "]}")});
    CHECK(fixture.api.list_addresses().addresses.size() == 1);
  }
  CHECK(fixture.read(R"({"ip":"198.51.100.8","region":null,"droplet":{"id":7}})").holder == 7);
}

TEST_CASE("digitalocean: foreign text, is quoted, escaped and cut") {
  Fixture fixture;
  const std::string flood(100'000, 'x');
  const auto read = [&] { fixture.api.read_address(support::first_choice); };
  const auto failure = [&](const std::string& body, long status) {
    return std::string(fixture.failure(one, json_reply(body, status), read).what());
  };
  CHECK(failure(R"({"message":"a\u001b[31m\n\"b"})", 500).ends_with(R"("a\x1b[31m\x0a\"b")"));
  CHECK(failure(R"({"message":")" + flood + "\"}", 500).size() < 400);
  CHECK(failure(R"({"reserved_ip":{"ip":")" + flood + "\"}}", 200).size() < 400);
  CHECK(failure("{\"" + flood, 200).size() < 400);
}

TEST_CASE("digitalocean: nesting deeper than 64 levels, is refused before parsing") {
  Fixture fixture;
  const auto read = [&] { fixture.api.read_address(support::first_choice); };
  for (const std::string open : {"[", "{\"a\":"}) {
    std::string body;
    for (int depth = 0; depth < 65; ++depth) {
      body += open;
    }
    const auto error = fixture.failure(one, json_reply(body), read);
    CHECK(error.exit() == Exit::software);
    CHECK(std::string(error.what()).find("nested deeper than 64 levels") != std::string::npos);
    fixture.failure(one, json_reply(body, 500), read);
  }
  const std::string brackets(100, '[');
  const std::string entry =
      R"({"ip":"198.51.100.8","x":")" + brackets + R"(\"","region":{"slug":"x"},"droplet":null})";
  CHECK(fixture.read(entry).readable);
}
