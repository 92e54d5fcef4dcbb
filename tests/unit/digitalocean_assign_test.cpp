// SPDX-License-Identifier: Apache-2.0
#include "cloud/digitalocean.hpp"
#include "support/builders.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using Kind = core::PostReply::Kind;
using core::Exit;
using support::FakeHttp;
using support::json_reply;
using support::Reply;
using Lines = std::vector<std::string>;

namespace {

const std::string post = "POST https://api.test/v2/reserved_ips/198.51.100.8/actions";
const std::string action = "GET https://api.test/v2/reserved_ips/198.51.100.8/actions/72531856";
const std::string droplet = "GET https://api.test/v2/droplets/758604990";

struct Fixture {
  FakeHttp http = {};
  cloud::DigitalOcean api{http, "https://api.test", "",
                          [] { return cloud::Secret{"dop_v1_test"}; }};

  cloud::DigitalOcean::Assignment assign(Reply reply) {
    http.script(post, {std::move(reply)});
    return api.assign(support::first_choice, support::our_droplet);
  }
  bool errored(Reply reply) {
    http.script(action, {std::move(reply)});
    return api.has_errored(support::first_choice, 72531856);
  }
  bool sees(Reply reply) {
    http.script(droplet, {std::move(reply)});
    return api.read_sight(support::our_droplet) == core::Sight::seen;
  }
};

}  // namespace

TEST_CASE("digitalocean: assign, sends one POST with the droplet's id") {
  Fixture fixture;
  const auto assignment = fixture.assign(
      json_reply(R"({"action":{"id":72531856,"status":"in-progress","type":"assign_ip"}})", 201));
  CHECK(assignment.reply.kind == Kind::accepted);
  CHECK(assignment.reply.action == 72531856);
  REQUIRE(fixture.http.calls() == Lines{post});
  CHECK(nlohmann::json::parse(fixture.http.sent[0].body) ==
        nlohmann::json{{"type", "assign"}, {"droplet_id", 758604990}});
  CHECK(fixture.http.sent[0].headers ==
        Lines{"Authorization: Bearer dop_v1_test", "Content-Type: application/json"});
}

TEST_CASE("digitalocean: any 2xx to an assignment, is accepted with or without an action") {
  Fixture fixture;
  for (const std::string body : {"", "{}", "ok", R"({"action":null})", R"({"action":{}})",
                                 R"({"action":{"id":"7"}})", R"({"action":[7]})", "[]"}) {
    for (const long status : {200L, 201L, 202L, 204L}) {
      const auto assignment = fixture.assign(json_reply(body, status));
      CHECK(assignment.reply.kind == Kind::accepted);
      CHECK_FALSE(assignment.reply.action.has_value());
    }
  }
}

TEST_CASE("digitalocean: refused assignment, quotes DigitalOcean") {
  Fixture fixture;
  for (const long status : {404L, 409L, 422L}) {
    const auto assignment = fixture.assign(json_reply(
        R"({"id":"unprocessable_entity","message":"Droplet already has a pending event."})",
        status));
    CHECK(assignment.reply.kind == Kind::refused);
    CHECK(assignment.reply.message == "\"Droplet already has a pending event.\"");
  }
  CHECK(fixture.assign(json_reply("{}", 422)).reply.message == "no reason given");
}

TEST_CASE("digitalocean: no reply or a server error to an assignment, may have taken effect") {
  Fixture fixture;
  CHECK(fixture.assign(support::no_reply()).reply.kind == Kind::unknown);
  CHECK(fixture.assign(support::no_reply()).reply.message == "Couldn't connect to server");
  for (const long status : {408L, 425L, 500L, 502L, 503L, 504L, 522L}) {
    CHECK(fixture.assign(json_reply("{}", status)).reply.kind == Kind::unknown);
  }
  for (const long status : {200L, 403L, 404L, 422L, 503L}) {  // another server answered
    const auto reply = fixture.assign(json_reply("<html>", status)).reply;
    CHECK(reply.kind == Kind::unknown);
    CHECK(reply.message.find("a proxy or a CDN answered") != std::string::npos);
  }
}

TEST_CASE("digitalocean: rate-limited assignment, returns the reply") {
  Fixture fixture;
  const auto assignment =
      fixture.assign(io::Response{.status = 429, .headers = {{"retry-after", "29"}}});
  CHECK(assignment.reply.kind == Kind::limited);
  CHECK(assignment.response.header("retry-after") == "29");
}

TEST_CASE("digitalocean: denied assignment, names the missing scope") {
  Fixture fixture;
  const auto failure =
      core::catch_error_except_signals([&] { fixture.assign(json_reply("{}", 403)); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::no_permission);
  CHECK(failure->hint().find("reserved_ip:update") != std::string::npos);
  CHECK(core::catch_error_except_signals([&] { fixture.assign(json_reply("{}", 401)); })->exit() ==
        Exit::no_permission);
}

TEST_CASE("digitalocean: undocumented status of an assignment, is not reported as a bug") {
  Fixture fixture;
  for (const long status : {301L, 400L, 410L, 418L}) {
    CHECK(core::catch_error_except_signals([&] {
            fixture.assign(json_reply("{}", status));
          })->exit() == Exit::unavailable);
  }
}

TEST_CASE("digitalocean: signal during an assignment, is not a failed request") {
  Fixture fixture;
  CHECK_THROWS_AS(fixture.assign(core::Error(Exit::terminated, "ended")), core::Error);
}

TEST_CASE("digitalocean: action, counts as errored only if its status says so") {
  Fixture fixture;
  CHECK(fixture.errored(json_reply(R"({"action":{"status":"errored"}})")));
  for (const std::string body :
       {R"({"action":{"status":"completed"}})", R"({"action":{"status":"in-progress"}})",
        R"({"action":{"status":"done"}})", R"({"action":{"status":7}})", R"({"action":{}})", "{}",
        "<html>", ""}) {
    CHECK_FALSE(fixture.errored(json_reply(body)));
  }
  // An action of a BYOIP address cannot be read (facts 1.6).
  CHECK_FALSE(fixture.errored(json_reply(R"({"action":{"status":"errored"}})", 404)));
}

TEST_CASE("digitalocean: readable droplet, proves droplet:read") {
  Fixture fixture;
  CHECK(fixture.sees(json_reply(R"({"droplet":{"id":758604990}})")));
  CHECK_FALSE(fixture.sees(json_reply("{}", 403)));
  CHECK_FALSE(fixture.sees(json_reply("{}", 404)));
  CHECK(core::catch_error_except_signals([&] { fixture.sees(json_reply("{}", 401)); })->exit() ==
        Exit::no_permission);
  CHECK(core::catch_error_except_signals([&] { fixture.sees(json_reply("{}", 500)); })->exit() ==
        Exit::unavailable);
}
