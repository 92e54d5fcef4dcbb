// SPDX-License-Identifier: Apache-2.0
#include "cloud/kubernetes.hpp"

#include "support/fake_http.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using core::Exit;
using support::FakeHttp;
using support::json_reply;
using Lines = std::vector<std::string>;

namespace {

struct Fixture {
  FakeHttp http = {};
  int token_reads = 0;
  cloud::Kubernetes api{http, "https://10.245.0.1:443", "/ca.crt", [this] {
                          ++token_reads;
                          return cloud::Secret{"eyJ"};
                        }};

  core::Node decode(const std::string& body, long status = 200) {
    return api.decode_node("pool-a-1", {.status = status, .body = body});
  }
  core::Error failure(const std::string& body, long status) {
    const auto error = core::catch_error_except_signals([&] { decode(body, status); });
    REQUIRE(error.has_value());
    return *error;
  }
};

}  // namespace

TEST_CASE("kubernetes: first call, reads the token once and sends it") {
  Fixture fixture;
  const auto request = fixture.api.node_request("pool-a-1");
  fixture.api.node_request("pool-a-1");
  CHECK(fixture.token_reads == 1);
  CHECK(request.server == io::Server::kubernetes);
  CHECK(request.method == "GET");
  CHECK(request.url == "https://10.245.0.1:443/api/v1/nodes/pool-a-1");
  CHECK(request.headers == Lines{"Authorization: Bearer eyJ", "Accept: application/json"});
  CHECK(request.ca_file == "/ca.crt");
}

TEST_CASE("kubernetes: labels of a Node, are read if it has any") {
  Fixture fixture;
  CHECK(fixture.decode(R"({"metadata":{"labels":{"a":"1","b":""}}})").labels ==
        std::map<std::string, std::string>{{"a", "1"}, {"b", ""}});
  CHECK(fixture.decode(R"({"metadata":{"labels":null}})").labels.empty());
  CHECK(fixture.decode(R"({"metadata":{}})").labels.empty());
}

TEST_CASE("kubernetes: Node of another shape, names the field") {
  Fixture fixture;
  for (const std::string body :
       {"", "[]", "null", "{}", R"({"metadata":{"labels":[1]}})",
        R"({"metadata":{"labels":{"a":1}}})", R"({"metadata":{"labels":{"a":)"}) {
    CAPTURE(body);
    CHECK(fixture.failure(body, 200).exit() == Exit::software);
    CHECK(std::string(fixture.failure(body, 200).what()).starts_with("unexpected reply: "));
  }
}

TEST_CASE("kubernetes: every error status, names the problem") {
  Fixture fixture;
  const std::string status = R"({"kind":"Status","message":"nodes is forbidden"})";
  CHECK(fixture.failure(status, 401).exit() == Exit::no_permission);
  CHECK(fixture.failure(status, 403).exit() == Exit::no_permission);
  CHECK(std::string(fixture.failure(status, 403).what()) ==
        "Kubernetes denies the call: \"nodes is forbidden\"");
  CHECK(fixture.failure(status, 404).exit() == Exit::gate_failed);
  CHECK(std::string(fixture.failure(status, 404).what()) == "there is no Node \"pool-a-1\"");
  CHECK(fixture.failure(status, 404).hint().find("--node-name") != std::string::npos);
  for (const long other : {301L, 409L, 422L, 429L, 500L, 503L}) {
    CHECK(fixture.failure(status, other).exit() == Exit::unavailable);
  }
  CHECK(std::string(fixture.failure("", 502).what()) == "Kubernetes answered 502: no reason given");
  for (const long any : {200L, 401L, 403L, 404L, 502L}) {
    const auto error = fixture.failure("<html>", any);
    CHECK(error.exit() == Exit::unavailable);
    CHECK(std::string(error.what()).find("a proxy or a CDN answered") != std::string::npos);
  }
}

TEST_CASE("kubernetes: labels, are written by one merge patch, in which null removes") {
  Fixture fixture;
  const std::string call = "PATCH https://10.245.0.1:443/api/v1/nodes/pool-a-1";
  fixture.http.script(call, {json_reply(R"({"metadata":{"labels":{"enabled":"false"}}})")});
  const auto node = fixture.api.patch_node(
      {.node = "pool-a-1", .labels = {{"enabled", "false"}, {"address", std::nullopt}}}, "7");
  REQUIRE(node.has_value());
  CHECK(node->labels == std::map<std::string, std::string>{{"enabled", "false"}});
  REQUIRE(fixture.http.calls() == Lines{call});
  CHECK(fixture.http.sent[0].headers.back() == "Content-Type: application/merge-patch+json");
  CHECK(nlohmann::json::parse(fixture.http.sent[0].body) ==
        nlohmann::json::parse(R"({"metadata":{"labels":{"enabled":"false","address":null}}})"));
}

TEST_CASE("kubernetes: failed patch, says what was attempted") {
  Fixture fixture;
  fixture.http.script("PATCH https://10.245.0.1:443/api/v1/nodes/pool-a-1",
                      {json_reply(R"({"message":"denied by policy"})", 403)});
  CHECK_THROWS_WITH_AS(
      fixture.api.patch_node({.node = "pool-a-1", .labels = {}}, "7"),
      "cannot label Node pool-a-1: Kubernetes denies the call: \"denied by policy\"", core::Error);
}

TEST_CASE("kubernetes: webhook drops or restores a label, ends with gate-failed") {
  Fixture fixture;
  const std::string call = "PATCH https://10.245.0.1:443/api/v1/nodes/pool-a-1";
  const core::PatchNode patch{.node = "pool-a-1",
                              .labels = {{"enabled", "true"}, {"address", std::nullopt}},
                              .taints = {{{"a", "", "NoSchedule", ""}}}};
  for (const std::string metadata :
       {R"({"metadata":{}})", R"({"metadata":{"labels":{"enabled":"false"}}})",
        R"({"metadata":{"labels":{"enabled":"true","address":"x"}}})",
        R"({"metadata":{"labels":{"enabled":"true"}},"spec":{"taints":[]}})"}) {
    CAPTURE(metadata);
    fixture.http.script(call, {json_reply(metadata)});
    const auto error =
        core::catch_error_except_signals([&] { fixture.api.patch_node(patch, "7"); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::gate_failed);
    CHECK(error->hint().find("webhook") != std::string::npos);
  }
}

TEST_CASE("kubernetes: impossible Node name, reaches no other path") {
  Fixture fixture;
  for (const std::string name : {"", "..", "a/../b", "a?x=1", "a b", "a\n", "\xc3\xa9"}) {
    const auto error = core::catch_error_except_signals([&] { fixture.api.node_request(name); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::gate_failed);
  }
}

TEST_CASE("kubernetes: uid, version, provider and taints of a Node, are read") {
  Fixture fixture;
  const auto node = fixture.decode(R"({"metadata":{"uid":"5f","resourceVersion":"42"},
    "spec":{"providerID":"digitalocean://7","taints":[
      {"key":"a","effect":"NoSchedule"},
      {"key":"b","value":"c","effect":"NoExecute","timeAdded":"2026-11-01T10:00:00Z"}]}})");
  CHECK(node.uid == "5f");
  CHECK(node.version == "42");
  CHECK(node.provider_id == "digitalocean://7");
  CHECK(node.taints == std::vector<core::Taint>{{"a", "", "NoSchedule", ""},
                                                {"b", "c", "NoExecute", "2026-11-01T10:00:00Z"}});
}

TEST_CASE("kubernetes: taints, are written as a whole and bound to the version") {
  Fixture fixture;
  const std::string call = "PATCH https://10.245.0.1:443/api/v1/nodes/pool-a-1";
  fixture.http.script(call, {json_reply(R"({"message":"modified"})", 409)});
  const auto node = fixture.api.patch_node(
      {.node = "pool-a-1",
       .labels = {{"enabled", "true"}},
       .taints = {{{"a", "", "NoSchedule", ""}, {"b", "c", "NoExecute", "2026-11-01T10:00:00Z"}}}},
      "42");
  CHECK_FALSE(node.has_value());
  CHECK(nlohmann::json::parse(fixture.http.sent[0].body) == nlohmann::json::parse(R"({
    "metadata":{"labels":{"enabled":"true"},"resourceVersion":"42"},
    "spec":{"taints":[
      {"key":"a","effect":"NoSchedule"},
      {"key":"b","value":"c","effect":"NoExecute","timeAdded":"2026-11-01T10:00:00Z"}]}})"));
}

TEST_CASE("kubernetes: time, is the Date of the API server's last reply") {
  Fixture fixture;
  CHECK_THROWS_AS(static_cast<void>(fixture.api.time()), core::Error);
  fixture.api.decode_node("pool-a-1", {.status = 200,
                                       .body = R"({"metadata":{}})",
                                       .headers = {{"date", "Mon, 23 Nov 2026 02:51:11 GMT"}}});
  CHECK(fixture.api.time() == std::chrono::seconds{1795402271});
}
