// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/checks.hpp"
#include "core/plan/destinations.hpp"
#include "core/plan/node.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/pods.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>

// Kubernetes: whether it lets us, and whether the Node tells the truth.
namespace core {
namespace {

constexpr const char* unanswered = "Kubernetes did not answer";

// Why the labels are not true; empty where they are.
std::string untruth(const View& view, const std::string& labelled) {
  if (!view.held->has_value()) {
    return fmt::format("the Node says true and {}, the droplet holds no address", labelled);
  }
  const std::string held = (*view.held)->to_string();
  if (labelled != held) {
    return fmt::format("the Node says true and {}, the droplet holds {}",
                       labelled.empty() ? "no address" : labelled, held);
  }
  if (view.facts.asked.route == RouteMode::none || !view.droplet || !view.network) {
    return {};
  }
  if (view.facts.asked.route == RouteMode::destinations) {
    return is_any_destination_confirmed(*view.network)
               ? std::string{}
               : "the Node says true, but destinations are unreachable";
  }
  const auto anchor = find_anchor_path(*view.droplet, *view.network);
  const auto in_force = default_in_force(*view.network);
  const Path* path = std::get_if<Path>(&anchor);
  if (path == nullptr || (in_force && in_force->via == path->via)) {
    return {};
  }
  return fmt::format(
      "the Node says true, but the default route {}",
      in_force ? "goes via " + render_hop(in_force->via, *view.network) : "is missing");
}

std::string label(const Node& node, const std::string& key) {
  const auto found = node.labels.find(key);
  return found == node.labels.end() ? std::string{} : found->second;
}

// Where pods leave by the anchor gateway; nothing where too little is known.
std::optional<PodsLeave> predict(const View& view) {
  const auto& pods = view.facts.cluster.pods;
  if (!pods || view.droplet == nullptr || view.network == nullptr) {
    return std::nullopt;
  }
  const auto located = find_paths(*view.droplet, *view.network);
  const auto* paths = std::get_if<Paths>(&located);
  if (paths == nullptr) {
    return std::nullopt;
  }
  const bool cures = view.facts.asked.pods == PodMode::automatic;
  const Cure cure = cures ? choose_cure(*pods, *view.network, *paths) : Cure::none;
  return predict_pods(*pods, *view.network, *paths, cure);
}

Check check_prediction(const PodsLeave& leave, const Config& asked) {
  const std::string remedy = "check from a pod: `helm test`, or do-egress-ip verify in a pod";
  switch (leave.egress) {
    case PodSource::anchor:
      return ok(fmt::format("pods get the egress IP: {}", leave.reason));
    case PodSource::public_address:
      if (has_destinations(asked) && asked.pods == PodMode::automatic) {
        return problem(Exit::config,
                       fmt::format("pods would reach destinations by the public address, so those "
                                   "stay unreachable: {}",
                                   leave.reason),
                       "if no pod of this node asks a destination, give --pods off");
      }
      return warning(fmt::format("pods keep the public address: {}", leave.reason), remedy);
    case PodSource::dead:
      return problem(Exit::config, fmt::format("a switch would cut pods off: {}", leave.reason),
                     "let Cilium manage the anchor's device; or, if no pod needs the internet, "
                     "give --pods off");
    default:
      return warning(fmt::format("the egress of pods is unknown: {}", leave.reason), remedy);
  }
}

}  // namespace

Check check_kubernetes(const View& view) {
  const auto& failure = view.facts.cluster.failure;
  return failure ? problem(*failure) : ok("the API answers, and takes the token");
}

Check check_rbac(const View& view) {
  const auto* rights = value_of(view.facts.cluster.rights);
  if (rights == nullptr) {
    const Error* failure = failure_in(view.facts.cluster.rights);
    return unknown(failure == nullptr ? unanswered : failure->what());
  }
  const std::string missing = name_missing(*rights);
  if (missing.empty()) {
    return ok(fmt::format("all {} verbs that are needed", rights->size()));
  }
  return problem(Exit::no_permission, fmt::format("the service account may not {}", missing),
                 "bind it to the Roles of deploy/manifests/10-access.yaml, or of the chart");
}

Check check_node(const View& view) {
  if (view.node != nullptr) {
    return ok(view.facts.asked.node_name);
  }
  const Error* failure = failure_in(view.facts.cluster.node);
  if (failure == nullptr || view.facts.cluster.failure) {
    return unknown(unanswered);
  }
  if (failure->exit() == Exit::no_permission && value_of(view.facts.cluster.rights) != nullptr) {
    return unknown("it may not be read, see rbac");
  }
  return problem(*failure);
}

Check check_provider_id(const View& view) {
  if (find_other_droplet(*view.node, *view.droplet, view.facts.asked)) {
    return problem(Exit::config,
                   fmt::format("Node {} is {}, but this is droplet {}", view.facts.asked.node_name,
                               view.node->provider_id, view.droplet->id),
                   "set --node-name to the Node of this droplet");
  }
  return view.node->provider_id.empty()
             ? note("the cloud controller has not yet set spec.providerID")
             : ok(view.node->provider_id);
}

Check check_node_label(const View& view) {
  const std::string enabled = label(*view.node, view.facts.asked.enabled_label);
  if (enabled != "true") {
    return ok(enabled.empty() ? "none yet" : fmt::format("it says {}", enabled));
  }
  if (!view.held) {
    return unknown("it says true; what the droplet holds is not known");
  }
  const std::string labelled = label(*view.node, view.facts.asked.address_label);
  const std::string why = untruth(view, labelled);
  return why.empty()
             ? ok(fmt::format("it says true and {}", labelled))
             : warning(why, "a reconcile corrects it: does the loop, or the timer, run here?");
}

Check check_pod_masquerade(const View& view) {
  if (const auto leave = predict(view)) {
    return check_prediction(*leave, view.facts.asked);
  }
  const std::string remedy =
      "look from a pod: `helm test`, or curl a what-is-my-address service in one";
  if (const auto* cilium = value_of(view.facts.cluster.cilium)) {
    if (!*cilium) {
      return ok("there is no Cilium");
    }
    if (!(*cilium)->in_bpf || !(*cilium)->masquerades) {
      return ok("Cilium does not masquerade in eBPF, so pods leave as the route says");
    }
    return warning(
        "Cilium masquerades in eBPF, which may choose the public address whatever the route says",
        remedy);
  }
  if (view.network == nullptr) {
    return unknown("the kernel did not answer");
  }
  return std::ranges::count(view.network->links, std::string_view("cilium_host"), &Link::name) > 0
             ? warning("Cilium runs here, and its configuration cannot be read", remedy)
             : ok("no sign of Cilium on this host");
}

}  // namespace core
