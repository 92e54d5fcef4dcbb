// SPDX-License-Identifier: Apache-2.0
#include "cloud/inspection.hpp"

#include "core/duration.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using core::Exit;
using nlohmann::json;
using support::FakeHttp;
using support::json_reply;

namespace {

const std::string url = "https://kubernetes.test";
const std::string reviews =
    "POST " + url + "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const std::string cilium = "GET " + url + "/api/v1/namespaces/kube-system/configmaps/cilium-config";

struct Fixture {
  FakeHttp http = {};
  cloud::Kubernetes api{http, url, "", [] { return cloud::Secret{"eyJ"}; }};

  std::optional<core::Cilium> read_cilium(const std::string& body, long status = 200) {
    http.script(cilium, {json_reply(body, status)});
    return cloud::read_cilium(api);
  }
};

template <class Body>
Exit exit_of(Body&& body) {
  const auto failure = core::catch_error_except_signals(body);
  REQUIRE(failure.has_value());
  return failure->exit();
}

}  // namespace

TEST_CASE("inspection: access review, asks for one verb") {
  Fixture fixture;
  fixture.http.script(reviews, {json_reply(R"({"status":{"allowed":true}})", 201),
                                json_reply(R"({"status":{"allowed":false}})", 201)});
  CHECK(cloud::has_right(fixture.api, {.verb = "create",
                                       .group = "coordination.k8s.io",
                                       .resource = "leases",
                                       .name_space = "egress"}));
  CHECK_FALSE(
      cloud::has_right(fixture.api, {.verb = "patch", .resource = "nodes", .name = "node-1"}));
  CHECK(json::parse(fixture.http.sent[0].body) == json{{"apiVersion", "authorization.k8s.io/v1"},
                                                       {"kind", "SelfSubjectAccessReview"},
                                                       {"spec",
                                                        {{"resourceAttributes",
                                                          {{"verb", "create"},
                                                           {"group", "coordination.k8s.io"},
                                                           {"resource", "leases"},
                                                           {"namespace", "egress"}}}}}});
  CHECK(json::parse(fixture.http.sent[1].body)["spec"]["resourceAttributes"] ==
        json{{"verb", "patch"}, {"group", ""}, {"resource", "nodes"}, {"name", "node-1"}});
}

TEST_CASE("inspection: refused or malformed review, is an error") {
  Fixture fixture;
  for (const auto& [body, status, exit] :
       {std::tuple{R"({"message":"no"})", 403L, Exit::no_permission},
        std::tuple{R"({"message":"no"})", 500L, Exit::unavailable},
        std::tuple{R"({"status":{}})", 201L, Exit::software},
        std::tuple{R"({"status":{"allowed":"yes"}})", 201L, Exit::software},
        std::tuple{"<html>", 201L, Exit::unavailable}}) {
    CAPTURE(std::string(body));
    fixture.http.script(reviews, {json_reply(body, status)});
    CHECK(exit_of([&] { cloud::has_right(fixture.api, {.verb = "get", .resource = "nodes"}); }) ==
          exit);
  }
}

TEST_CASE("inspection: Nodes, are listed page by page") {
  Fixture fixture;
  const std::string list = "GET " + url + "/api/v1/nodes?limit=100";
  fixture.http.script(
      list, {json_reply(R"({"metadata":{"continue":"x_1"},"items":[{"metadata":{"name":"a"}}]})")});
  fixture.http.script(list + "&continue=x_1",
                      {json_reply(R"({"metadata":{},"items":[{"metadata":{"name":"b"}}]})")});
  CHECK(cloud::list_nodes(fixture.api) == std::vector<std::string>{"a", "b"});
  CHECK(fixture.http.sent.size() == 2);
  fixture.http.script(list, {json_reply("{}", 403)});
  CHECK(exit_of([&] { cloud::list_nodes(fixture.api); }) == Exit::no_permission);
}

TEST_CASE("inspection: Cilium's ConfigMap, shows how it masquerades") {
  Fixture fixture;
  const auto bpf =
      fixture.read_cilium(R"({"data":{"enable-bpf-masquerade":"true","enable-ipv4":"true"}})");
  REQUIRE(bpf.has_value());
  CHECK(bpf->in_bpf);
  CHECK(bpf->masquerades);
  const auto plain = fixture.read_cilium(R"({"data":{"enable-ipv4-masquerade":"false"}})");
  REQUIRE(plain.has_value());
  CHECK_FALSE(plain->in_bpf);
  CHECK_FALSE(plain->masquerades);
  CHECK(fixture.read_cilium("{}").has_value());
  CHECK_FALSE(fixture.read_cilium("{}", 404).has_value());
  CHECK(exit_of([&] { fixture.read_cilium("{}", 403); }) == Exit::no_permission);
  CHECK(exit_of([&] { fixture.read_cilium("no document"); }) == Exit::software);
}

TEST_CASE("inspection: odd values in Cilium's ConfigMap, are read as its agent reads them") {
  Fixture fixture;
  const auto read = [&](const std::string& data) {
    return fixture.read_cilium(R"({"data":{)" + data + "}}").value();
  };
  CHECK(fixture.read_cilium(R"({"data":null})") == core::Cilium{});
  CHECK(fixture.read_cilium(R"({"data":[1]})") == core::Cilium{});
  CHECK(read("") == core::Cilium{});
  for (const char* value : {R"("true")", R"("True")", R"(" true\n")", R"("1")", "true"}) {
    CAPTURE(value);
    CHECK(read(R"("enable-bpf-masquerade":)" + std::string(value)).in_bpf);
  }
  for (const char* value : {R"("false")", R"("yes")", R"("")", "null", "{}", "0"}) {
    CAPTURE(value);
    CHECK_FALSE(read(R"("enable-bpf-masquerade":)" + std::string(value)).in_bpf);
  }
  for (const char* value : {"true", "strict", "probe"}) {
    CHECK(read(R"("kube-proxy-replacement":")" + std::string(value) + '"').replaces_kube_proxy);
  }
  for (const char* value : {"false", "partial", "disabled", ""}) {
    CHECK_FALSE(
        read(R"("kube-proxy-replacement":")" + std::string(value) + '"').replaces_kube_proxy);
  }
  CHECK(read(R"("enable-node-port":"true")").node_port);
  CHECK(read(R"("devices":" eth0,\teth1  ens+\n")").devices ==
        std::vector<std::string>{"eth0", "eth1", "ens+"});
  CHECK(read(R"("enable-egress-gateway":"true")").egress_gateway);
  CHECK(read(R"("enable-ipv4-egress-gateway":"true")").egress_gateway);
  CHECK(read(R"("ipv4-native-routing-cidr":"10.128.0.0/9")").native_network ==
        core::Prefix::parse("10.128.0.0/9"));
  CHECK_FALSE(read(R"("ipv4-native-routing-cidr":"everything")").native_network);
}

TEST_CASE("inspection: Date header, is read as a time") {
  CHECK(core::parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == std::chrono::seconds{784111777});
  for (const char* text : {"", "now", "1994-11-06T08:49:37Z"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(core::parse_date(text).has_value());
  }
}
