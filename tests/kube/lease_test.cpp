// SPDX-License-Identifier: Apache-2.0
// The Lease of a claim on a real API server.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

using kube::cluster;
using kube::Droplet;
using kube::Json;

namespace {

const std::string address = "198.51.100.1";
const std::string lease = "do-egress-ip-" + address;
const std::string stranger = "00000000-0000-4000-8000-000000000009";
const std::string in_namespace = "--namespace " + kube::name_space;
const std::vector<std::string> one_address = {"--floating-ips", address, "--lock", "lease"};

Json read() {
  return cluster().get(in_namespace + " lease " + lease);
}

// Another holder's Lease, renewed that long ago.
void take(const std::string& holder, const std::string& uid, const std::string& ago) {
  cluster().kubectl(in_namespace + " delete lease --all");
  const std::string then = cluster().call({"microtime", ago});
  cluster().apply(
      {{"apiVersion", "coordination.k8s.io/v1"},
       {"kind", "Lease"},
       {"metadata",
        {{"name", lease},
         {"namespace", kube::name_space},
         {"ownerReferences",
          Json::array(
              {Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", holder}, {"uid", uid}}})}}},
       {"spec",
        {{"holderIdentity", holder},
         {"leaseDurationSeconds", 60},
         {"leaseTransitions", 3},
         {"acquireTime", then},
         {"renewTime", then}}}},
      "create");
}

std::string uid_of(const Droplet& node) {
  return cluster().get("node " + node.name).at("metadata").at("uid");
}

// Frees the address for the next test.
void check_held_by(const Droplet& node) {
  cluster().check_egress(node);
  const Json found = read();
  const Json& owners = found.at("metadata").at("ownerReferences");
  CHECK(found.at("spec").at("holderIdentity") == node.name);
  REQUIRE(owners.size() == 1);
  CHECK(owners[0].at("apiVersion") == "v1");
  CHECK(owners[0].at("kind") == "Node");
  CHECK(owners[0].at("name") == node.name);
  CHECK(owners[0].at("uid") == uid_of(node));
  cluster().world().sim("POST", "/unassign/" + address);
}

}  // namespace

TEST_CASE("kube lease: claim, creates it with the Node as owner") {
  const Droplet node = cluster().node("node-1");
  CHECK(cluster().reconcile(node, 0, one_address).at("result") == "changed");
  check_held_by(node);
}

TEST_CASE("kube lease: valid one of another node, is respected") {
  const Droplet node = cluster().node("node-2");
  take("node-9", stranger, "10 seconds ago");
  const Json before = read();
  cluster().reconcile(node, 11, one_address);
  CHECK(read() == before);
  CHECK(cluster().world().holder(address).is_null());
  CHECK(cluster().label(node) == "false");
}

TEST_CASE("kube lease: expired one, is taken over") {
  const Droplet node = cluster().node("node-3");
  take("node-9", stranger, "10 minutes ago");
  cluster().reconcile(node, 0, one_address);
  CHECK(read().at("spec").at("leaseTransitions") == 4);
  check_held_by(node);
}

TEST_CASE("kube lease: our own of a killed run, is renewed at once") {
  const Droplet node = cluster().node("node-4");
  take("node-4", uid_of(node), "10 seconds ago");
  const Json before = read();
  cluster().reconcile(node, 0, one_address);
  CHECK(read().at("metadata").at("uid") == before.at("metadata").at("uid"));
  CHECK(read().at("spec").at("leaseTransitions") == 3);
  CHECK(read().at("spec").at("renewTime") > before.at("spec").at("renewTime"));
  check_held_by(node);
}

TEST_CASE("kube lease: one of a deleted Node of our name, is not ours") {
  const Droplet node = cluster().node("node-5");
  take("node-5", stranger, "10 seconds ago");
  cluster().reconcile(node, 11, one_address);
  CHECK(cluster().world().holder(address).is_null());
}

TEST_CASE("kube lease: eight nodes want one address, one gets it") {
  take("node-9", stranger, "10 minutes ago");
  std::vector<Droplet> nodes;
  std::vector<support::Command> commands;
  for (int number = 10; number < 18; ++number) {
    nodes.push_back(cluster().node("node-" + std::to_string(number)));
    commands.push_back(cluster().tool(nodes.back(), one_address));
  }
  std::vector<support::Child> runs;
  for (const support::Command& command : commands) {
    runs.emplace_back(command);
  }
  int done = 0;
  for (support::Child& run : runs) {
    const support::Run ended = run.wait();
    INFO(ended.out, ended.err);
    CHECK((ended.exit == 0 || ended.exit == 10 || ended.exit == 11));
    done += ended.exit == 0 ? 1 : 0;
  }
  CHECK(done == 1);
  CHECK(cluster().world().thefts() == 0);
  const Json holder = cluster().world().holder(address);
  for (const Droplet& node : nodes) {
    if (holder == node.id) {
      check_held_by(node);
    } else {
      CHECK(cluster().label(node) == "false");
    }
  }
}
