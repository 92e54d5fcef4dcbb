// SPDX-License-Identifier: Apache-2.0
// All failures of Kubernetes: egress comes first and does not depend on it.
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

// Egress works, and the result names the failure.
Json check_egress_without_label(const Node& node, int exit,
                                const std::vector<std::string>& more = {}) {
  Json result = node.run(exit, more);
  const auto held = node.world.held_by(node.droplet);
  REQUIRE(held.size() == 1);
  node.check_leaves_by(held[0]);
  CHECK(result.at("floating_ip") == held[0]);
  CHECK(result.at("route").at("gateway") == "10.17.0.1");
  const std::string message = result.at("error").at("message");
  CHECK(message.ends_with("; egress IP " + held[0] + " works"));
  CHECK(node.posted().size() == 1);
  return result;
}

// What is missing was known before the claim.
Json check_nothing_claimed(const Node& node, int exit) {
  Json result = node.run(exit);
  CHECK(node.world.held_by(node.droplet).empty());
  CHECK(node.posted().empty());
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
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

TEST_CASE("faults: Kubernetes unreachable, egress works without a label") {
  const Node node;
  node.world.lab({"cut", node.droplet.name, "kubernetes"});
  check_egress_without_label(node, 15);
  node.world.lab({"mend", node.droplet.name, "kubernetes"});
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: Kubernetes always fails, egress works without a label") {
  check_egress_without_label(15, status(500));
  check_egress_without_label(15, reply("reset"));
  check_egress_without_label(15, reply("cut-json"));
  check_egress_without_label(15, reply("garbage"));
  check_egress_without_label(15, reply("huge"));
}

TEST_CASE("faults: Kubernetes refuses the labels, egress works without a label") {
  check_egress_without_label(15, status(500, -1, "PATCH"));
  check_egress_without_label(15, status(409, -1, "PATCH"));
  check_egress_without_label(15, reply("reset", -1, "PATCH"));
}

TEST_CASE("faults: webhook drops a label, exit 15 with egress after one patch") {
  for (const std::string label : {"do-outbound-floating-ip", "do-outbound-floating-ip-enabled"}) {
    CAPTURE(label);
    const Node node;
    node.world.settings({{"strip_labels", {label}}});
    const Json result = check_egress_without_label(node, 15);
    CHECK(result.at("error").at("hint").dump().find("webhook") != std::string::npos);
    CHECK(node.world.journal("kubernetes", "PATCH").size() == 1);
  }
}

TEST_CASE("faults: Kubernetes fails once, the run succeeds") {
  for (const Json& fault :
       {status(500, 1, "GET"), status(503, 1, "PATCH"), reply("reset", 1, "PATCH")}) {
    CAPTURE(fault.dump());
    const Node node;
    node.world.fault(fault);
    node.run(0);
    node.check_egress();
  }
}

TEST_CASE("faults: service account token expired, exit 77 and nothing is claimed") {
  const Node node;
  node.world.sim("PUT", "/kube-tokens/kube-lab", {{"expired", true}});
  const Json result = check_nothing_claimed(node, 77);
  CHECK(result.at("error").at("hint").dump().find("--kube-token-file") != std::string::npos);
}

TEST_CASE("faults: service account may not read or patch nodes, exit 77 and nothing is claimed") {
  for (const std::string verb : {"get", "patch"}) {
    CAPTURE(verb);
    const Node node;
    node.world.sim("PUT", "/rbac", {{"rules", {{{"resources", {"nodes"}}, {"verbs", {verb}}}}}});
    const Json result = check_nothing_claimed(node, 77);
    CHECK(result.at("error").at("hint").dump().find("get and patch on nodes") != std::string::npos);
  }
}

TEST_CASE("faults: Node missing, exit 15 with egress") {
  const Node node;
  node.world.sim("DELETE", "/nodes/node-1");
  const Json result = check_egress_without_label(node, 15);
  CHECK(result.at("error").at("hint").dump().find("--node-name") != std::string::npos);
}

TEST_CASE("faults: Kubernetes and DigitalOcean fail, the one that matters is reported") {
  const Node node;
  node.world.fault(status(500));
  node.world.fault({{"server", "digitalocean"}, {"kind", "status"}, {"status", 401}});
  node.run(77);
  CHECK(node.world.held_by(node.droplet).empty());
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
}

TEST_CASE("faults: another droplet's Node, exit 78 and nothing is written") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  const Json nodes = node.world.sim("GET", "/world").at("nodes");
  node.world.sim("PUT", "/nodes/" + node.droplet.name, {{"providerID", "digitalocean://1"}});

  const Json result = node.run(78);

  CHECK(result.at("error").at("message").get<std::string>().ends_with(
      " is digitalocean://1, but this is droplet " + std::to_string(node.droplet.id)));
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.posted().empty());
  CHECK(node.world.journal("kubernetes", "PATCH").empty());
}

TEST_CASE("faults: address leased by another Node, is left alone until the Lease expires") {
  const Node node("198.51.100.1");
  const auto lease = [&](const std::string& renewed) {
    node.world.sim(
        "PUT", "/leases/do-egress-ip/do-egress-ip-198.51.100.1",
        {{"spec",
          {{"holderIdentity", "node-9"}, {"leaseDurationSeconds", 3600}, {"renewTime", renewed}}}});
  };
  lease("2999-01-01T00:00:00.000000Z");
  node.run(11);
  CHECK(node.posted().empty());
  node.check_untouched();
  lease("2020-01-01T00:00:00.000000Z");
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: no Leases, claims all the same, or with --lock lease nothing") {
  const Json broken = {{"server", "kubernetes"},
                       {"path", "/apis/coordination.*"},
                       {"kind", "status"},
                       {"status", 503},
                       {"count", -1}};
  const Node node;
  node.world.fault(broken);
  node.run(69, {"--lock", "lease", "--timeout", "20s"});
  node.check_untouched();
  node.run(15);
  node.check_egress();
}
