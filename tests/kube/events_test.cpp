// SPDX-License-Identifier: Apache-2.0
// The Events of a Node, as `kubectl describe node` shows them.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

using kube::cluster;
using kube::Droplet;
using support::lines_with;

namespace {

const std::string address = "198.51.100.1";

// The lines of `describe` with that reason.
int count(const Droplet& node, const std::string& type, const std::string& reason) {
  const std::string told = cluster().kubectl("describe node " + node.name);
  const std::string all = told.substr(told.find("\nEvents:"));
  int found = 0;
  for (const std::string& line : lines_with(all, "  " + type)) {
    INFO(line);
    const bool counts = line.find(" " + reason + " ") != std::string::npos;
    CHECK((!counts || line.find(" do-egress-ip ") != std::string::npos));
    found += counts ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("kube events: change, is written once") {
  const auto& world = cluster().world();
  const Droplet node = cluster().node("node-1");
  cluster().reconcile(node, 0, {"--floating-ips", address});
  CHECK(count(node, "Normal", "EgressIPAssigned") == 1);
  CHECK(cluster().kubectl("describe node node-1").find(address) != std::string::npos);

  world.sim("POST", "/unassign/" + address);
  for (int run = 0; run < 5; ++run) {
    cluster().reconcile(node, 10, {"--floating-ips", cluster().taken()});
  }
  CHECK(count(node, "Warning", "EgressIPLost") == 1);
  // Two if the ten minutes of one Event end between two of the runs.
  const int exhausted = count(node, "Warning", "PoolExhausted");
  CHECK(exhausted >= 1);
  CHECK(exhausted <= 2);

  const auto found = cluster().reconcile(node, 0, {"--floating-ips", address});
  CHECK(found.at("result") == "changed");
  cluster().reconcile(node, 0, {"--floating-ips", address});
  const int assigned = count(node, "Normal", "EgressIPAssigned");
  CHECK(assigned >= 1);
  CHECK(assigned <= 2);
}

TEST_CASE("kube events: Event, is in the namespace default and regards the existing Node") {
  const Droplet node = cluster().node("node-2");
  cluster().reconcile(node, 0, {"--floating-ips", "198.51.100.2"});
  const auto events = cluster().get("--namespace default events.events.k8s.io").at("items");
  const auto uid = cluster().get("node node-2").at("metadata").at("uid");
  int found = 0;
  for (const auto& event : events) {
    if (event.at("regarding").at("name") == "node-2" &&
        event.value("reportingController", "") == "do-egress-ip") {
      CHECK(event.at("regarding").at("kind") == "Node");
      CHECK(event.at("regarding").at("uid") == uid);
      ++found;
    }
  }
  CHECK(found == 1);
}
