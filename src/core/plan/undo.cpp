// SPDX-License-Identifier: Apache-2.0
#include "core/plan/undo.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/pod_stack.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/rules.hpp"
#include "core/plan/stored_default.hpp"

#include <algorithm>

namespace core {
namespace {

std::optional<Path> public_path_of(const std::optional<Droplet>& droplet, const Network& network) {
  const auto path = droplet ? find_public_path(*droplet, network) : Ending{};
  const auto* found = std::get_if<Path>(&path);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

bool is_ours_beside_defaults(const Route& route) {
  return route.protocol == our_protocol && !is_our_default(route);
}

template <typename Test>
std::vector<Step> remove_routes(const Network& network, const Test& is_ours) {
  std::vector<Step> steps;
  for (const Route& route : network.routes) {
    if (is_ours(route)) {
      steps.push_back(
          {RemoveRoute{route}, fmt::format("the route to {} in table {} was made by do-egress-ip",
                                           route.destination.to_string(), route.table)});
    }
  }
  return steps;
}

void append_steps(std::vector<Step>& steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
}

}  // namespace

std::vector<Step> undo(const Network& network, const std::optional<Droplet>& droplet,
                       Destinations destinations) {
  std::vector<Step> steps;
  if (destinations == Destinations::close) {
    append_steps(steps, close_destinations(network, "egress there is not proven"));
  }
  // If another program flushed our default there is no default at all: restore the public one.
  if (default_in_force(network) || is_switch_prepared(network) || stored_default(network)) {
    append_steps(steps, default_by_public(network, public_path_of(droplet, network),
                                          "the previous default route comes back"));
  }
  append_steps(steps, restore_other_metrics(network));
  // First, since the rest of ours shows that they are ours: an undo may be killed at any step.
  append_steps(steps, remove_routes(network, [&](const Route& route) {
                 return is_stored_default(network, route);
               }));
  if (network.marking.state == Marking::State::set) {
    steps.push_back({RemoveMarking{}, "made by do-egress-ip"});
  }
  append_steps(steps, remove_rules(network, {}, "made by do-egress-ip"));
  if (network.pod_snat) {
    steps.push_back({RemovePodSnat{}, "made by do-egress-ip"});
  }
  append_steps(steps, remove_destinations_of_pods(network, {}));
  if (destinations == Destinations::open) {
    append_steps(steps, remove_destinations(network));
  }
  append_steps(steps, remove_routes(network, is_ours_beside_defaults));
  return steps;
}

}  // namespace core
