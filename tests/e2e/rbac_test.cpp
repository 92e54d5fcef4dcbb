// SPDX-License-Identifier: Apache-2.0
// The shipped Roles grant what the program needs, and nothing else.
#include "node.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using support::Json;
using support::World;

namespace {

const std::string name_space = "do-egress-ip";

// The shipped manifests, as the simulation takes them.
Json shipped_objects() {
  const char* script =
      "import glob, json, sys, yaml\n"
      "print(json.dumps([o for f in sorted(glob.glob(sys.argv[1] + '/*.yaml'))\n"
      "                  for o in yaml.safe_load_all(open(f)) if o]))\n";
  const support::Run run = support::run(
      {{"python3", "-c", script, MANIFESTS}, {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}});
  REQUIRE_MESSAGE(run.exit == 0, run.err);
  return Json::parse(run.out);
}

// Each verb that is granted, and the objects without it.
std::vector<std::pair<std::string, Json>> without_each(const Json& objects) {
  std::vector<std::pair<std::string, Json>> result;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const bool optional = objects[i].at("metadata").value("namespace", "") == "kube-system";
    const Json rules = optional ? Json::array() : objects[i].value("rules", Json::array());
    for (std::size_t j = 0; j < rules.size(); ++j) {
      const Json verbs = rules[j].at("verbs");
      for (std::size_t k = 0; k < verbs.size(); ++k) {
        Json fewer = objects;
        fewer[i]["rules"][j]["verbs"].erase(k);
        result.emplace_back(
            verbs[k].get<std::string>() + " " + rules[j].at("resources").at(0).get<std::string>(),
            fewer);
      }
    }
  }
  return result;
}

// The whole life of a pool of two with three nodes; how the runs end.
class Life {
 public:
  explicit Life(const Json& objects) {
    node_.world.sim("PUT", "/rbac", {{"objects", objects}});
    for (const std::string address : {"198.51.100.1", "198.51.100.2"}) {
      leave_expired_lease(address);
    }
  }

  std::vector<int> run() {
    const std::vector<std::string> gated = {"--gate-taint", "do-egress-ip/gate:NoSchedule"};
    const support::Droplet thief = node_.world.droplet("node-2");
    const support::Droplet third = node_.world.droplet("node-3");
    node_.world.fault({{"kind", "steal"}, {"to", thief.id}});
    std::vector<int> exits;
    for (const support::Droplet& droplet : {node_.droplet,  // loses one, has the other
                                            node_.droplet,  // unchanged
                                            third}) {       // none is left
      const support::Run run = node_.world.reconcile(droplet, gated);
      said_ += run.out + run.err;
      exits.push_back(run.exit);
    }
    return exits;
  }

  int try_dry_run() const { return node_.world.reconcile(node_.droplet, {"--dry-run"}).exit; }
  bool has_posted() const { return !node_.world.journal("digitalocean", "POST").empty(); }

  Json used() const { return node_.world.sim("GET", "/rbac/used"); }
  const Node& node() const { return node_; }
  const std::string& said() const { return said_; }

 private:
  // Of a node that died: to be taken over.
  void leave_expired_lease(const std::string& address) const {
    node_.world.sim("PUT", "/leases/" + name_space + "/do-egress-ip-" + address,
                    {{"spec",
                      {{"holderIdentity", "node-9"},
                       {"leaseDurationSeconds", 60},
                       {"renewTime", "2020-01-01T10:00:00.000000Z"}}}});
  }

  Node node_{"198.51.100.1-2"};
  std::string said_ = {};
};

}  // namespace

TEST_CASE("rbac: shipped Roles, suffice and are all used") {
  Life life(shipped_objects());
  CHECK(life.run() == std::vector{0, 0, 10});
  life.node().check_egress();
  const Json told = life.used();
  INFO(told.dump());
  CHECK(told.at("denied").empty());
  for (const Json& needless : told.at("needless")) {  // where Cilium is: tests/e2e/pods_test.cpp
    CHECK(needless.at("namespace") == "kube-system");
  }
}

// Without Events a claim is made and reported as 77. A Lease that is not given back expires: the
// run reports it and ends well. Without any other right no address is asked for, and a dry run says
// so.
TEST_CASE("rbac: any verb missing, some run fails for it") {
  for (const auto& [what, objects] : without_each(shipped_objects())) {
    CAPTURE(what);
    Life life(objects);
    const bool claims = what == "delete leases" || what == "create events";
    CHECK(life.try_dry_run() == (claims ? 0 : 77));
    const std::vector<int> exits = life.run();
    CAPTURE(life.said());
    const bool lacks = std::ranges::find(exits, 77) != exits.end();
    CHECK(lacks == (what != "delete leases"));
    CHECK(life.said().find("Kubernetes denies") != std::string::npos);
    CHECK_FALSE(life.used().at("denied").empty());
    CHECK(life.has_posted() == claims);
  }
}
