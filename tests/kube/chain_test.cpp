// SPDX-License-Identifier: Apache-2.0
// The whole chain: the chart as the API server has it, its containers run on two droplets as their
// kubelets would run them, down to the address that the internet sees.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using kube::cluster;
using kube::Droplet;
using kube::Json;
using kube::Run;

namespace {

struct Container {
  std::string name = {};
  bool is_init = false;
};

// Of the DaemonSet, in order.
std::vector<Container> containers() {
  const Json pod = cluster()
                       .get("--namespace " + kube::name_space + " daemonset do-egress-ip")
                       .at("spec")
                       .at("template")
                       .at("spec");
  std::vector<Container> found;
  for (const std::string kind : {"initContainers", "containers"}) {
    for (const Json& container : pod.at(kind)) {
      found.push_back({container.at("name"), kind == "initContainers"});
    }
  }
  return found;
}

support::Command in_pod(const Droplet& node, const Container& container,
                        const std::vector<std::string>& command = {}) {
  support::Command all{{POD, node.name, kube::name_space, "daemonset/do-egress-ip", container.name},
                       {{"PATH", std::getenv("PATH")}, {"DO_EGRESS_IP", DO_EGRESS_IP}}};
  all.words.insert(all.words.end(), command.begin(), command.end());
  return all;
}

void check_ends_well(const support::Command& command) {
  const Run run = support::run(command);
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
}

}  // namespace

TEST_CASE("kube chain: two nodes, each with its init container, and what the internet sees") {
  cluster().kubectl("--namespace " + kube::name_space +
                    " create secret generic digitalocean --from-file=token=/run/lab/token");
  const auto all = containers();
  REQUIRE(all.size() == 2);
  REQUIRE(all[0].is_init);
  const std::vector<Droplet> nodes = {cluster().node("node-a"),
                                      cluster().node("node-b", "anchor-nic")};
  for (const Droplet& node : nodes) {
    CHECK(cluster().is_gated(node));
    check_ends_well(in_pod(node, all[0]));
    cluster().check_egress(node);
    CHECK_FALSE(cluster().is_gated(node));
  }
  CHECK(cluster().label(nodes[0], support::address_label) !=
        cluster().label(nodes[1], support::address_label));
}
