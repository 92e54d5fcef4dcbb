// SPDX-License-Identifier: Apache-2.0
// What the chart's service account may do, and nothing else. RBAC cannot tell Nodes apart, so the
// admission policy does, by the Node in the token.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using kube::cluster;
using kube::Droplet;
using kube::Json;
using kube::Run;

namespace {

struct Nodes {
  Droplet ours = cluster().node("node-a");
  Droplet other = cluster().node("node-b");
};

const Nodes& nodes() {
  static const Nodes both = [] {
    Nodes made;
    for (const Droplet& node : {made.ours, made.other}) {
      cluster().kubectl("label node " + node.name + " mine=kept");
      cluster().kubectl("annotate node " + node.name + " mine=kept");
      cluster().kubectl("taint node " + node.name + " mine=kept:NoSchedule");
    }
    return made;
  }();
  return both;
}

void check_taken(const Json& change) {
  CAPTURE(change.dump());
  const auto answer = cluster().patch(nodes().ours, nodes().ours.name, change);
  INFO(answer.err);
  CHECK(answer.exit == 0);
}

// Refused by the policy, not by RBAC or for another reason.
void check_refused(const std::string& node, const Json& change) {
  CAPTURE(change.dump());
  const auto answer = cluster().patch(nodes().ours, node, change);
  INFO(answer.out, answer.err);
  CHECK(answer.exit != 0);
  CHECK(answer.err.find("ValidatingAdmissionPolicy") != std::string::npos);
}

Json labels(const Json& changed) {
  return {{"metadata", {{"labels", changed}}}};
}

// Labels or taints of our Node with a change.
template <typename Change>
Json taints(const Change& change) {
  Json all = cluster().taints(nodes().ours);
  change(all);
  return {{"spec", {{"taints", all}}}};
}

void erase(Json& all, const std::string& key) {
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const Json& taint) { return taint.at("key") == key; }),
            all.end());
}

Json taint(const std::string& key, const std::string& effect = "NoSchedule") {
  return {{"key", key}, {"effect", effect}};
}

bool may(const std::string& question) {
  std::vector<std::string> words = {"kubectl", "--token", cluster().token(nodes().ours),
                                    "auth",    "can-i",   "--quiet"};
  std::istringstream stream(question);
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return cluster().ask(words).exit == 0;
}

}  // namespace

TEST_CASE("kube policy: node's own labels and taint, may be changed") {
  check_taken(labels({{support::enabled_label, "true"}, {support::address_label, "198.51.100.1"}}));
  check_taken(labels({{support::enabled_label, "false"}, {support::address_label, nullptr}}));
  check_taken(taints([](Json& all) { erase(all, kube::gate_key); }));
  CHECK_FALSE(cluster().is_gated(nodes().ours));
  check_taken(taints([](Json& all) { all.push_back(taint(kube::gate_key)); }));
  CHECK(cluster().is_gated(nodes().ours));
}

TEST_CASE("kube policy: another node's, cannot be changed") {
  const std::string other = nodes().other.name;
  check_refused(other, labels({{support::enabled_label, "true"}}));
  check_refused(other, {{"spec", {{"taints", nullptr}}}});
}

TEST_CASE("kube policy: program with another node's token, ends with 77") {
  const Droplet node = cluster().node("node-c");
  const std::string foreign = kube::write_file("foreign.token", cluster().token(nodes().ours));
  const Json result = cluster().reconcile(node, 77, {"--lock", "none"},
                                          {{"DO_EGRESS_IP_KUBE_TOKEN_FILE", foreign}});
  INFO(result.dump());
  CHECK(result.at("error").at("message").get<std::string>().find("cannot change another node") !=
        std::string::npos);
  CHECK(cluster().label(node).empty());
  CHECK(cluster().is_gated(node));
}

TEST_CASE("kube policy: other labels, annotations or metadata, cannot be changed") {
  const std::string node = nodes().ours.name;
  check_refused(node, labels({{"added", "true"}}));
  check_refused(node, labels({{"mine", "changed"}}));
  check_refused(node, labels({{"mine", nullptr}}));
  check_refused(node, labels({{"do-outbound-floating-ip-enabled-not", "true"}}));
  check_refused(node,
                labels({{support::enabled_label, "true"}, {"node-role.kubernetes.io/x", ""}}));
  check_refused(node, labels(nullptr));
  check_refused(node, {{"metadata", {{"annotations", {{"added", "true"}}}}}});
  check_refused(node, {{"metadata", {{"annotations", {{"mine", nullptr}}}}}});
  check_refused(node, {{"metadata", {{"annotations", nullptr}}}});
  check_refused(node, {{"metadata", {{"finalizers", {"example.com/never"}}}}});
  check_refused(node, {{"metadata",
                        {{"ownerReferences",
                          Json::array({Json{{"apiVersion", "v1"},
                                            {"kind", "Node"},
                                            {"name", "node-b"},
                                            {"uid", "00000000-0000-4000-8000-000000000009"}}})}}}});
}

TEST_CASE("kube policy: other taints, cannot be changed") {
  const std::string node = nodes().ours.name;
  check_refused(node, taints([](Json& all) { erase(all, "mine"); }));
  check_refused(node, taints([](Json& all) { all = nullptr; }));
  check_refused(node, taints([](Json& all) { all = Json::array({taint(kube::gate_key)}); }));
  check_refused(node, taints([](Json& all) { all.push_back(taint("added")); }));
  check_refused(node, taints([](Json& all) { all.push_back(taint("mine", "NoExecute")); }));
  check_refused(node, taints([](Json& all) {
                  erase(all, "mine");
                  all.push_back(taint("mine"));  // without its value
                }));
  check_refused(node, taints([](Json& all) { all.push_back(taint(kube::gate_key, "NoExecute")); }));
}

TEST_CASE("kube policy: rest of the spec, cannot be changed") {
  const std::string node = nodes().ours.name;
  check_refused(node, {{"spec", {{"unschedulable", true}}}});
  check_refused(node, {{"spec", {{"podCIDR", "10.1.0.0/24"}, {"podCIDRs", {"10.1.0.0/24"}}}}});
  // Nobody can change an existing providerID, but a missing one can be set.
  cluster().apply({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", "bare"}}}});
  const Droplet bare{.name = "bare"};
  const auto set = cluster().patch(bare, "bare", {{"spec", {{"providerID", "digitalocean://1"}}}});
  CHECK(set.err.find("ValidatingAdmissionPolicy") != std::string::npos);
  const auto label = cluster().patch(bare, "bare", labels({{support::enabled_label, "false"}}));
  INFO(label.err);
  CHECK(label.exit == 0);
}

TEST_CASE("kube policy: token of no pod on a node, is refused") {
  const std::string loose = cluster().call(
      {"kubectl", "--namespace", kube::name_space, "create", "token", kube::account});
  const auto answer =
      cluster().ask({"kubectl", "--token", loose, "patch", "node", "node-a", "--type", "merge",
                     "--patch", labels({{support::enabled_label, "true"}}).dump()});
  CHECK(answer.exit != 0);
  CHECK(answer.err.find("ValidatingAdmissionPolicy") != std::string::npos);
}

TEST_CASE("kube policy: Lease in another node's name, is refused") {
  const auto lease = [](const std::string& holder) {
    return Json{{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", {{"name", "do-egress-ip-198.51.100.9"}}},
                {"spec", {{"holderIdentity", holder}, {"leaseDurationSeconds", 60}}}};
  };
  const auto ask = [](const std::string& verb, const Json& object) {
    return cluster().ask({"kubectl", "--token", cluster().token(nodes().ours), "--namespace",
                          kube::name_space, verb, "--filename",
                          kube::write_file("lease.json", object.dump())});
  };
  const auto is_policy = [](const Run& answer) {
    return answer.exit != 0 && answer.err.find("ValidatingAdmissionPolicy") != std::string::npos;
  };
  CHECK(is_policy(ask("create", lease("node-b"))));
  CHECK(ask("create", lease("node-a")).exit == 0);
  CHECK(is_policy(ask("replace", lease("node-b"))));
  CHECK(ask("replace", lease("node-a")).exit == 0);
  CHECK(ask("delete", lease("node-a")).exit == 0);
  cluster().apply(
      [&] {
        Json others = lease("node-b");
        others["metadata"]["namespace"] = kube::name_space;
        return others;
      }(),
      "create");
  CHECK(is_policy(ask("delete", lease("node-b"))));
}

TEST_CASE("kube policy: other users, are not affected") {
  cluster().kubectl("label node node-b anything=goes");
  cluster().kubectl("label node node-b anything-");
}

TEST_CASE("kube policy: RBAC, grants what the program does and no more") {
  CHECK(may("get nodes"));
  CHECK(may("patch nodes"));
  for (const std::string verb : {"create", "get", "update", "delete"}) {
    CHECK(may(verb + " leases.coordination.k8s.io -n " + kube::name_space));
  }
  CHECK(may("create events.events.k8s.io -n default"));

  for (const std::string no :
       {"list nodes", "watch nodes", "update nodes", "delete nodes", "create nodes",
        "patch nodes --subresource=status", "get nodes --subresource=proxy",
        "list leases.coordination.k8s.io -n do-egress-ip",
        "patch leases.coordination.k8s.io -n do-egress-ip",
        "get leases.coordination.k8s.io -n kube-node-lease",
        "update leases.coordination.k8s.io -n kube-system", "create events -n default",
        "get events.events.k8s.io -n default", "create events.events.k8s.io -n do-egress-ip",
        "get secrets -n do-egress-ip", "get configmaps -n do-egress-ip", "get pods -n do-egress-ip",
        "create pods -n do-egress-ip",
        "create serviceaccounts/do-egress-ip --subresource=token -n do-egress-ip"}) {
    CAPTURE(no);
    CHECK_FALSE(may(no));
  }
}
