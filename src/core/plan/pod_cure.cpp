// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pod_cure.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/pod_stack.hpp"
#include "core/plan/pods.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/rules.hpp"
#include "core/plan/switch.hpp"

#include <algorithm>

namespace core {
namespace {

Cure cure_there(const Network& network) {
  return network.pod_snat ? network.pod_snat->cure : Cure::none;
}

// Whether what the kernel shows of a cure fits together; without the right to see all of it, yes.
bool is_whole(const Network& network, const Config& asked, const Paths& paths) {
  if (network.marking.state == Marking::State::hidden) {
    return true;
  }
  const Cure cure = cure_there(network);
  const auto route = route_of_cure(cure, network);
  const auto destinations = destinations_of_cure(cure, network, asked);
  if (routes_of_pods(network) != (route ? std::vector{*route} : std::vector<Route>{}) ||
      !set_destinations_of_pods(network, destinations).empty() ||
      !remove_destinations_of_pods(network, destinations).empty()) {
    return false;
  }
  if (!network.pod_snat) {
    return rules_of_pods(network).empty();
  }
  const PodSnat& snat = *network.pod_snat;
  const bool harmful = snat.cure == Cure::stack && shows_endpoint_routes(network, snat.pods);
  return rules_of_pods(network) == rules_of_cure(snat.cure, snat.pods, asked) && !harmful &&
         snat.anchor == paths.anchor_path.address && snat.gateway == paths.anchor_path.via.gateway;
}

// The cure to bring about; nothing where it stays as it is.
std::optional<Cure> wanted_cure(const Observation& found, const Config& asked, const Paths& paths) {
  if (asked.pods == PodMode::off) {
    return Cure::none;
  }
  if (!found.pods) {
    return std::nullopt;
  }
  const auto alone = predict_pods(*found.pods, found.network, paths, Cure::none);
  return alone.egress == PodSource::unknown
             ? std::nullopt
             : std::optional(choose_cure(*found.pods, found.network, paths));
}

PodSnat snat_of(const PodFacts& facts, const Paths& paths, Cure cure) {
  return {.cure = cure,
          .pods = facts.pod_network.value_or(Prefix{}),
          .anchor = paths.anchor_path.address,
          .gateway = paths.anchor_path.via.gateway.value_or(Ipv4{}),
          .native_network = facts.cilium ? facts.cilium->native_network : std::nullopt};
}

constexpr std::string_view unwanted = "part of a pod cure that is no longer wanted";

// The last first: without those before it, it would keep pods from each other.
void remove_rules_of_pods(std::vector<Step>& steps, const Network& network,
                          const std::vector<Rule>& wanted) {
  auto rules = rules_of_pods(network);
  std::ranges::reverse(rules);
  for (const Rule& rule : rules) {
    if (std::ranges::find(wanted, rule) == wanted.end()) {
      steps.push_back({RemoveRule{rule}, fmt::format("rule {} is {}", rule.priority, unwanted)});
    }
  }
}

void set_route_of_pods(std::vector<Step>& steps, const Network& network,
                       const std::optional<Route>& wanted) {
  bool there = false;
  for (const Route& route : routes_of_pods(network)) {
    there = there || route == wanted;
    if (route != wanted) {
      steps.push_back({RemoveRoute{route}, fmt::format("the route is {}", unwanted)});
    }
  }
  if (wanted && !there) {
    steps.push_back({SetRoute{*wanted}, "later runs read from it what is done for pods"});
  }
}

void add_rules_of_pods(std::vector<Step>& steps, const Network& network,
                       const std::vector<Rule>& wanted, bool of_destinations) {
  const auto there = rules_of_pods(network);
  for (const Rule& rule : wanted) {
    if (is_rule_of_destinations(rule) == of_destinations &&
        std::ranges::find(there, rule) == there.end()) {
      steps.push_back(
          {AddRule{rule}, "Cilium must hand packets of pods to the host's network stack"});
    }
  }
}

// The cure that the kernel alone shows; nothing where it is not whole.
std::optional<PodsLeave> cured_by_kernel(const Network& network, const Config& asked,
                                         const Paths& paths) {
  if (!network.pod_snat || !is_whole(network, asked, paths)) {
    return std::nullopt;
  }
  return PodsLeave{.egress = PodSource::anchor,
                   .reason = fmt::format("do-egress-ip translates pods to {}, the anchor address",
                                         network.pod_snat->anchor.to_string()),
                   .cure = network.pod_snat->cure};
}

// Whether what is asked for leads through the anchor, confirmed or not.
bool leads_through_anchor(const Network& network, const Config& asked, const Paths& paths) {
  if (asked.route != RouteMode::set_default) {
    return std::ranges::any_of(network.destinations, [&](const RouteGroup& group) {
      return group.like.via == paths.anchor_path.via;
    });
  }
  const auto in_force = default_in_force(network);
  return in_force && goes_via(*in_force, paths.anchor_path);
}

}  // namespace

bool needs_pod_facts(const Observation& found, const Config& asked, const Paths& paths) {
  const bool known = !std::holds_alternative<NoKubernetes>(found.node) &&
                     !std::holds_alternative<NotAsked>(found.node);
  const bool whole = asked.pods == PodMode::off || is_whole(found.network, asked, paths);
  return !found.pods && known && !is_cut_off(found) &&
         (found.looks || !is_confirmed(found.network, asked) || !whole);
}

std::optional<Ending> pods_cut_off(const Observation& found, const Config& asked,
                                   const Paths& paths) {
  if (!found.pods || asked.pods == PodMode::off || is_confirmed(found.network, asked)) {
    return std::nullopt;
  }
  const Cure cure = choose_cure(*found.pods, found.network, paths);
  const auto leave = predict_pods(*found.pods, found.network, paths, cure);
  if (leave.egress == PodSource::dead && found.pods->gateway_answers != false) {
    return Ending{.exit = Exit::config,
                  .message = fmt::format("cannot switch to the anchor gateway: that would cut off "
                                         "this node's pods: {}",
                                         leave.reason),
                  .hint =
                      "let Cilium manage the anchor's device; or, where no pod needs the "
                      "internet, switch all the same: do-egress-ip --pods off"};
  }
  if (leave.egress == PodSource::public_address && has_destinations(asked)) {
    return Ending{.exit = Exit::config,
                  .message = fmt::format("cannot open the destinations: this node's pods would "
                                         "reach them by the public address: {}",
                                         leave.reason),
                  .hint =
                      "where no pod of this node asks a destination, open them all the same: "
                      "do-egress-ip --pods off"};
  }
  return std::nullopt;
}

std::vector<Step> prepare_pods(const Observation& found, const Config& asked, const Paths& paths) {
  if (!found.pods && asked.pods == PodMode::automatic) {
    return {};
  }
  const Network& network = found.network;
  const auto changed = wanted_cure(found, asked, paths);
  const Cure cure = changed.value_or(cure_there(network));
  std::vector<Step> steps;
  std::vector<Rule> rules;
  if (changed && cure != Cure::none) {
    const PodSnat snat = snat_of(*found.pods, paths, cure);
    rules = rules_of_cure(cure, snat.pods, asked);
    remove_rules_of_pods(steps, network, rules);
    if (network.pod_snat != snat) {
      steps.push_back({SetPodSnat{snat}, "without it pods do not use the anchor address"});
    }
  } else if (changed) {
    remove_rules_of_pods(steps, network, {});
    if (network.pod_snat) {
      steps.push_back({RemovePodSnat{}, fmt::format("the translation is {}", unwanted)});
    }
  }
  const bool off = asked.pods == PodMode::off;
  set_route_of_pods(steps, network, off ? std::optional<Route>() : route_of_cure(cure, network));
  const auto destinations = destinations_of_cure(cure, network, asked);
  for (const auto& more : {set_destinations_of_pods(network, destinations),
                           remove_destinations_of_pods(network, destinations)}) {
    steps.insert(steps.end(), more.begin(), more.end());
  }
  add_rules_of_pods(steps, network, rules, true);
  return steps;
}

std::vector<Step> lead_pods(const Observation& found, const Config& asked, const Paths& paths) {
  const auto cure = wanted_cure(found, asked, paths);
  std::vector<Step> steps;
  if (cure && found.pods) {
    const auto rules = rules_of_cure(*cure, snat_of(*found.pods, paths, *cure).pods, asked);
    add_rules_of_pods(steps, found.network, rules, false);
  }
  return steps;
}

std::optional<PodsLeave> where_pods_leave(const Observation& found, const Config& asked,
                                          bool planned) {
  if (!found.droplet || asked.route == RouteMode::none) {
    return std::nullopt;
  }
  const auto located = find_paths(*found.droplet, found.network);
  const auto* paths = std::get_if<Paths>(&located);
  if (paths == nullptr) {
    return std::nullopt;
  }
  if (!found.pods) {
    const auto cured = cured_by_kernel(found.network, asked, *paths);
    const bool without = std::holds_alternative<NoKubernetes>(found.node);
    return cured || without
               ? cured
               : std::optional(PodsLeave{.reason = "not examined, because nothing had to "
                                                   "change; see do-egress-ip status"});
  }
  planned = planned || pods_cut_off(found, asked, *paths);
  if (!planned && !leads_through_anchor(found.network, asked, *paths)) {
    return asked.route == RouteMode::set_default
               ? PodsLeave{.egress = PodSource::public_address,
                           .reason = describe_default(found.network)}
               : PodsLeave{.egress = PodSource::dead, .reason = "destinations are unreachable"};
  }
  const Cure there = cure_there(found.network);
  const Cure cure = planned ? wanted_cure(found, asked, *paths).value_or(there) : there;
  return predict_pods(*found.pods, found.network, *paths, cure);
}

}  // namespace core
