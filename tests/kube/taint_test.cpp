// SPDX-License-Identifier: Apache-2.0
// The gate taint on a real API server, where other programs change taints as well.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using kube::cluster;
using kube::Droplet;
using kube::Json;

namespace {

const std::vector<std::string> gated = {"--gate-taint", kube::gate};

// The taints of a Node, without the one that it has before its kubelet's first report.
std::set<std::string> keys(const Droplet& node) {
  std::set<std::string> found;
  for (const Json& taint : cluster().taints(node)) {
    found.insert(taint.at("key"));
  }
  found.erase("node.kubernetes.io/not-ready");
  return found;
}

// Adds many taints to a Node, twenty per second. Each adds to the current list, so none can undo
// another program's change.
support::Child writer(const Droplet& node, int count) {
  const Json url = cluster().call({"url"}) + "/api/v1/nodes/" + node.name;
  std::string script;
  for (int number = 1; number <= count; ++number) {
    const Json taint = {{"key", "w" + std::to_string(number)}, {"effect", "PreferNoSchedule"}};
    const Json change =
        Json::array({Json{{"op", "add"}, {"path", "/spec/taints/-"}, {"value", taint}}});
    script += (number == 1 ? "url = " : "next\nurl = ") + url.dump() +
              "\nrequest = PATCH\nsilent\nfail\noutput = /dev/null\ncacert = /run/kube/ca.pem\n" +
              "header = \"Content-Type: application/json-patch+json\"\nconfig = /run/kube/curl\n" +
              "data = " + Json(change.dump()).dump() + "\n";
  }
  const std::string file = kube::write_file("writer", script);
  return support::Child({{"nsenter", "--net=/run/netns/internet", "curl", "--fail-early", "--rate",
                          "20/s", "--config", file},
                         {}});
}

}  // namespace

TEST_CASE("kube taint: egress set up or lost, is removed or set again") {
  const Droplet node = cluster().node("node-1");
  REQUIRE(cluster().is_gated(node));
  cluster().kubectl("taint node node-1 mine=kept:NoExecute");

  cluster().reconcile(node, 0, gated);
  cluster().check_egress(node);
  CHECK(keys(node) == std::set<std::string>{"mine"});
  CHECK(cluster().reconcile(node, 0, gated).at("result") == "unchanged");

  const auto& world = cluster().world();
  world.sim("POST", "/unassign/" + world.held_by(node)[0]);
  cluster().reconcile(node, 10, {"--gate-taint", kube::gate, "--floating-ips", cluster().taken()});
  CHECK(keys(node) == std::set<std::string>{"mine", kube::gate_key});
  CHECK(cluster().label(node) == "false");
}

TEST_CASE("kube taint: taint added by others meanwhile, stays") {
  constexpr int count = 80;
  const Droplet node = cluster().node("node-2");
  cluster().kubectl("taint node node-2 mine=kept:NoExecute");
  // The first run reads the Node long before it patches it.
  cluster().world().settings({{"action_latency_ms", 1000}});
  support::Child other = writer(node, count);
  int rounds = 0;
  int most_requests = 0;
  for (; keys(node).count("w" + std::to_string(count)) == 0 && rounds < 100; ++rounds) {
    if (rounds > 0) {
      cluster().add_gate(node);
    }
    const Json requests = cluster().reconcile(node, 0, gated).at("requests");
    most_requests = std::max(most_requests, requests.at("kubernetes").get<int>());
    CHECK_FALSE(cluster().is_gated(node));
  }
  // Node, Lease, Node, Event, and one more read and patch after each conflict.
  CHECK(most_requests >= 6);
  MESSAGE(rounds << " runs beside the writer, " << most_requests << " requests in one");
  CHECK(other.wait().exit == 0);
  auto left = keys(node);
  CHECK(left.erase("mine") == 1);
  CHECK(left.erase(kube::gate_key) == 0);
  CHECK(left.size() == count);
}
