// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/findings.hpp"
#include "core/plan/node.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>
#include <array>

// Kubernetes: whether it lets us, and whether the Node tells the truth.
namespace core {
namespace {

constexpr const char* unanswered = "Kubernetes did not tell";

Check check_kubernetes(const ClusterFacts& cluster) {
  constexpr std::string_view name = "kubernetes";
  return cluster.failure ? problem(name, *cluster.failure)
                         : ok(name, "the API answers, and takes the token");
}

Check check_rights(const ClusterFacts& cluster) {
  constexpr std::string_view name = "rbac";
  const auto* rights = value_of(cluster.rights);
  if (rights == nullptr) {
    const Error* failure = failure_in(cluster.rights);
    return unknown(name, failure == nullptr ? unanswered : failure->what());
  }
  const std::string missing = name_missing(*rights);
  if (missing.empty()) {
    return ok(name, fmt::format("all {} verbs that are needed", rights->size()));
  }
  return problem(name, Exit::no_permission, fmt::format("the service account may not {}", missing),
                 "bind it to the Roles of deploy/manifests/10-access.yaml, or of the chart");
}

Check check_node(const Examination& facts) {
  constexpr std::string_view name = "node";
  if (value_of(facts.cluster.node) != nullptr) {
    return ok(name, facts.asked.node_name);
  }
  const Error* failure = failure_in(facts.cluster.node);
  if (failure == nullptr || facts.cluster.failure) {
    return unknown(name, unanswered);
  }
  if (failure->exit() == Exit::no_permission && value_of(facts.cluster.rights) != nullptr) {
    return unknown(name, "it may not be read, see rbac");
  }
  return problem(name, *failure);
}

Check check_provider(const Examination& facts) {
  constexpr std::string_view name = "provider-id";
  const Node* node = value_of(facts.cluster.node);
  const Droplet* droplet = value_of(facts.droplet);
  if (node == nullptr || droplet == nullptr) {
    return unknown(name, node == nullptr ? unanswered : "which droplet this is is not known");
  }
  if (find_other_droplet(*node, *droplet, facts.asked)) {
    return problem(name, Exit::config,
                   fmt::format("Node {} is {}, but this is droplet {}", facts.asked.node_name,
                               node->provider_id, droplet->id),
                   "set --node-name to the Node of this droplet");
  }
  return node->provider_id.empty()
             ? note(name, "the cloud controller has not told yet whose Node it is")
             : ok(name, node->provider_id);
}

// Why the labels are not true; empty where they are.
std::string untruth(const Examination& facts, const std::string& labelled, Ipv4 held) {
  if (labelled != held.to_string()) {
    return fmt::format("the Node says true and {}, the droplet holds {}",
                       labelled.empty() ? "no address" : labelled, held.to_string());
  }
  const Droplet* droplet = value_of(facts.droplet);
  const Network* network = value_of(facts.host.network);
  if (facts.asked.route == RouteMode::none || droplet == nullptr || network == nullptr) {
    return {};
  }
  const auto anchor = find_anchor_path(*droplet, *network);
  const auto in_force = default_in_force(*network);
  const Path* path = std::get_if<Path>(&anchor);
  if (path == nullptr || (in_force && in_force->via == path->via)) {
    return {};
  }
  return fmt::format("the Node says true, but the default route {}",
                     in_force ? "goes via " + render_hop(in_force->via, *network) : "is missing");
}

std::string label(const Node& node, const std::string& key) {
  const auto found = node.labels.find(key);
  return found == node.labels.end() ? std::string{} : found->second;
}

Check check_labels(const Examination& facts) {
  constexpr std::string_view name = "node-label";
  const Node* node = value_of(facts.cluster.node);
  if (node == nullptr) {
    return unknown(name, unanswered);
  }
  const std::string enabled = label(*node, facts.asked.enabled_label);
  if (enabled != "true") {
    return ok(name, enabled.empty() ? "none yet" : fmt::format("it says {}", enabled));
  }
  const auto held = held_by_droplet(facts);
  if (!held) {
    return unknown(name, "it says true; what the droplet holds is not known");
  }
  const std::string labelled = label(*node, facts.asked.address_label);
  const std::string why =
      *held ? untruth(facts, labelled, **held)
            : fmt::format("the Node says true and {}, the droplet holds no address", labelled);
  if (why.empty()) {
    return ok(name, fmt::format("it says true and {}", labelled));
  }
  return warning(name, why, "a reconcile corrects it: does the loop, or the timer, run here?");
}

bool has_link(const Examination& facts, std::string_view wanted) {
  const Network* network = value_of(facts.host.network);
  return network != nullptr &&
         std::ranges::find(network->links, wanted, &Link::name) != network->links.end();
}

Check check_pods(const Examination& facts) {
  constexpr std::string_view name = "pod-masquerade";
  const std::string remedy =
      "look from a pod: `helm test`, or curl a what-is-my-address service in one";
  if (const auto* cilium = value_of(facts.cluster.cilium)) {
    if (!*cilium) {
      return ok(name, "there is no Cilium");
    }
    if (!(*cilium)->in_bpf || !(*cilium)->masquerades) {
      return ok(name, "Cilium does not masquerade in eBPF, so pods leave as the route says");
    }
    return warning(name,
                   "Cilium masquerades in eBPF, which may choose the public address whatever the "
                   "route says",
                   remedy);
  }
  if (value_of(facts.host.network) == nullptr) {
    return unknown(name, "the kernel did not tell");
  }
  if (has_link(facts, "cilium_host")) {
    return warning(name, "Cilium is here, and how it masquerades is not to be seen", remedy);
  }
  return ok(name, "no sign of Cilium on this host");
}

}  // namespace

std::vector<Check> check_cluster(const Examination& facts) {
  constexpr std::array names = {"kubernetes", "rbac", "node", "provider-id", "node-label"};
  if (!facts.cluster.asked) {
    std::vector<Check> checks;
    checks.reserve(names.size() + 1);
    for (const char* name : names) {
      checks.push_back(skipped(name, "without Kubernetes"));
    }
    checks.push_back(check_pods(facts));
    return checks;
  }
  return {check_kubernetes(facts.cluster), check_rights(facts.cluster), check_node(facts),
          check_provider(facts),           check_labels(facts),         check_pods(facts)};
}

}  // namespace core
