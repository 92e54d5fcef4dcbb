// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pod_stack.hpp"

#include "core/plan/destinations.hpp"
#include "core/prefixes.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr const char* cilium_device = "cilium_host";
constexpr Mark not_cilium{.value = 0, .mask = 0xf00};  // what Cilium handed over has a bit of these
constexpr std::uint8_t host_scope = 254;               // RT_SCOPE_HOST

bool has_cilium(const Network& network) {
  return std::ranges::find(network.links, cilium_device, &Link::name) != network.links.end();
}

std::optional<Route> local_route(const Network& network) {
  const auto loopback = std::ranges::find_if(network.links, &Link::loopback);
  return loopback == network.links.end()
             ? std::nullopt
             : std::optional(Route{.via = {.ifindex = loopback->ifindex},
                                   .table = pods_table,
                                   .scope = host_scope,
                                   .type = local_type});
}

Prefixes destinations_like(const std::vector<RouteGroup>& groups, const Route& like) {
  const auto found = std::ranges::find(groups, like, &RouteGroup::like);
  return found == groups.end() ? Prefixes{} : found->destinations;
}

}  // namespace

std::optional<Route> route_of_cure(Cure cure, const Network& network) {
  auto route = local_route(network);
  if (cure == Cure::none && !has_cilium(network)) {
    return std::nullopt;
  }
  if (route) {
    route->metric = static_cast<std::uint32_t>(cure) + 1;
  }
  return route;
}

std::vector<Route> routes_of_pods(const Network& network) {
  std::vector<Route> routes;
  std::ranges::copy_if(network.routes, std::back_inserter(routes), [](const Route& route) {
    return route.table == pods_table && route.protocol == our_protocol;
  });
  return routes;
}

std::vector<Rule> rules_of_cure(Cure cure, const Prefix& pods, const Config& asked) {
  std::vector<Rule> rules;
  if (cure == Cure::stack && has_destinations(asked)) {
    rules.push_back({.priority = destinations_replies_priority,
                     .source = pods,
                     .in_device = cilium_device,
                     .table = destination_table,
                     .plain = false});
    rules.push_back({.priority = pods_destinations_priority,
                     .source = pods,
                     .mark = not_cilium,
                     .table = pods_table,
                     .suppress_prefixlength = 0});
  }
  if (cure == Cure::stack && asked.route == RouteMode::set_default) {
    rules.push_back({.priority = pods_replies_priority,
                     .source = pods,
                     .in_device = cilium_device,
                     .plain = false});
    rules.push_back(
        {.priority = pods_main_first_priority, .source = pods, .suppress_prefixlength = 0});
    rules.push_back(
        {.priority = pods_stack_priority, .source = pods, .mark = not_cilium, .table = pods_table});
  }
  return rules;
}

std::vector<Rule> rules_of_pods(const Network& network) {
  std::vector<Rule> rules;
  std::ranges::copy_if(network.rules, std::back_inserter(rules), is_rule_of_pods);
  return rules;
}

bool is_rule_of_pods(const Rule& rule) {
  return rule.protocol == our_protocol &&
         (is_rule_of_destinations(rule) ||
          (rule.priority >= pods_replies_priority && rule.priority <= pods_stack_priority));
}

bool is_rule_of_destinations(const Rule& rule) {
  return rule.priority == destinations_replies_priority ||
         rule.priority == pods_destinations_priority;
}

std::vector<RouteGroup> destinations_of_cure(Cure cure, const Network& network,
                                             const Config& asked) {
  const auto local = local_route(network);
  if (cure != Cure::stack || !has_destinations(asked) || !local) {
    return {};
  }
  std::vector<RouteGroup> groups = {{*local, asked.destinations}};
  const Prefixes except = direct_destinations(asked);
  if (!except.empty()) {
    groups.push_back({{.table = pods_table, .type = throw_type}, except});
  }
  return groups;
}

std::vector<Step> set_destinations_of_pods(const Network& network,
                                           const std::vector<RouteGroup>& wanted) {
  std::vector<Step> steps;
  for (const RouteGroup& group : wanted) {
    const Prefixes missing =
        without(group.destinations, destinations_like(network.pod_destinations, group.like));
    if (!missing.empty()) {
      steps.push_back(
          {SetDestinations{{group.like, missing}}, "pods must be translated on their way there"});
    }
  }
  return steps;
}

std::vector<Step> remove_destinations_of_pods(const Network& network,
                                              const std::vector<RouteGroup>& wanted) {
  std::vector<Step> steps;
  for (const RouteGroup& group : network.pod_destinations) {
    Prefixes gone = group.destinations;
    for (const RouteGroup& kept : wanted) {
      gone = without(gone, kept.destinations);
    }
    if (group.like.protocol == our_protocol && !gone.empty()) {
      steps.push_back(
          {RemoveDestinations{{group.like, gone}}, "made by do-egress-ip, no longer wanted"});
    }
  }
  return steps;
}

}  // namespace core
