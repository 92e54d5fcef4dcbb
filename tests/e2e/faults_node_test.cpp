// SPDX-License-Identifier: Apache-2.0
// Kubernetes in all the ways in which it can fail: egress comes first and does not depend on it.
#include "node.hpp"

using support::Json;

namespace {

Json reply(const std::string& kind, int count = -1, const std::string& method = "") {
  return {{"server", "kubernetes"}, {"method", method}, {"kind", kind}, {"count", count}};
}

Json status(int status, int count = -1, const std::string& method = "") {
  Json fault = reply("status", count, method);
  fault["status"] = status;
  return fault;
}

// Egress is brought about, and the result says both: that, and what is wrong.
Json check_egress_without_label(const Node& node, int exit,
                                const std::vector<std::string>& more = {}) {
  Json result = node.run(exit, more);
  const auto held = node.world.held_by(node.droplet);
  REQUIRE(held.size() == 1);
  node.check_leaves_by(held[0]);
  CHECK(result.at("floating_ip") == held[0]);
  CHECK(result.at("route").at("gateway") == "10.17.0.1");
  const std::string message = result.at("error").at("message");
  CHECK(message.starts_with("egress by " + held[0] + " is in force, but "));
  CHECK(node.posted().size() == 1);
  return result;
}

void check_egress_without_label(int exit, const Json& fault) {
  CAPTURE(fault.dump());
  const Node node;
  node.world.fault(fault);
  check_egress_without_label(node, exit);
  node.world.sim("DELETE", "/faults");
  node.run(0);
  node.check_egress();
  CHECK(node.posted().size() == 1);
}

}  // namespace

TEST_CASE("faults: Kubernetes cannot be reached") {
  const Node node;
  node.world.lab({"cut", node.droplet.name, "kubernetes"});
  check_egress_without_label(node, 15);
  node.world.lab({"mend", node.droplet.name, "kubernetes"});
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: Kubernetes never answers usably") {
  check_egress_without_label(15, status(500));
  check_egress_without_label(15, reply("reset"));
  check_egress_without_label(15, reply("cut-json"));
  check_egress_without_label(15, reply("garbage"));
  check_egress_without_label(15, reply("huge"));
}

TEST_CASE("faults: Kubernetes does not take the labels") {
  check_egress_without_label(15, status(500, -1, "PATCH"));
  check_egress_without_label(15, status(409, -1, "PATCH"));
  check_egress_without_label(15, reply("reset", -1, "PATCH"));
}

TEST_CASE("faults: Kubernetes fails once") {
  for (const Json& fault :
       {status(500, 1, "GET"), status(503, 1, "PATCH"), reply("reset", 1, "PATCH")}) {
    CAPTURE(fault.dump());
    const Node node;
    node.world.fault(fault);
    node.run(0);
    node.check_egress();
  }
}

TEST_CASE("faults: a service account token that is expired") {
  const Node node;
  node.world.sim("PUT", "/kube-tokens/kube-lab", {{"expired", true}});
  const Json result = check_egress_without_label(node, 77);
  CHECK(result.at("error").at("hint").dump().find("--kube-token-file") != std::string::npos);
}

TEST_CASE("faults: a service account that may not read or not patch nodes") {
  for (const std::string verb : {"get", "patch"}) {
    CAPTURE(verb);
    const Node node;
    node.world.sim("PUT", "/rbac", {{"rules", {{{"resources", {"nodes"}}, {"verbs", {verb}}}}}});
    const Json result = check_egress_without_label(node, 77);
    CHECK(result.at("error").at("hint").dump().find("get and patch on nodes") != std::string::npos);
  }
}

TEST_CASE("faults: there is no such Node") {
  const Node node;
  node.world.sim("DELETE", "/nodes/node-1");
  const Json result = check_egress_without_label(node, 15);
  CHECK(result.at("error").at("hint").dump().find("--node-name") != std::string::npos);
}

TEST_CASE("faults: both Kubernetes and DigitalOcean fail; the one that decides is told") {
  const Node node;
  node.world.fault(status(500));
  node.world.fault({{"server", "digitalocean"}, {"kind", "status"}, {"status", 401}});
  node.run(77);
  CHECK(node.world.held_by(node.droplet).empty());
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
}
