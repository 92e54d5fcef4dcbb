// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <vector>

// What is ours in the table of pods, and the rules that lead there. What the kernel calls local
// Cilium hands to the host's stack, which routes it as the node's own and translates it.
namespace core {

// Its metric tells which cure there is, so that a run which finds a part of it knows what the
// rest was; where Cilium is, also that none was needed, so that a steady run need not ask again.
std::optional<Route> route_of_cure(Cure cure, const Network& network);
std::vector<Route> routes_of_pods(const Network& network);

// The rules of a cure, by priority: for destinations before their own rule, for the default last.
std::vector<Rule> rules_of_cure(Cure cure, const Prefix& pods, const Config& asked);
std::vector<Rule> rules_of_pods(const Network& network);
bool is_rule_of_pods(const Rule& rule);
// Whether a rule may be there before the switch, because it leads to nothing but destinations.
bool is_rule_of_destinations(const Rule& rule);

// The destinations, local in the table of pods, without those of --direct.
std::vector<RouteGroup> destinations_of_cure(Cure cure, const Network& network,
                                             const Config& asked);
// What makes those of the kernel the wanted ones.
std::vector<Step> set_destinations_of_pods(const Network& network,
                                           const std::vector<RouteGroup>& wanted);
std::vector<Step> remove_destinations_of_pods(const Network& network,
                                              const std::vector<RouteGroup>& wanted);

}  // namespace core
