// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"

#include "core/plan/rules.hpp"
#include "core/plan/stored_default.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr Prefix everywhere{};
constexpr std::uint8_t by_hand = 3;  // RTPROT_BOOT

bool contains(const Network& network, const Route& wanted) {
  return std::ranges::find(network.routes, wanted) != network.routes.end();
}

Route route_by(const Path& path, const Prefix& destination = everywhere) {
  return {.destination = destination, .via = path.via, .source = path.address};
}

// --- direct routes -----------------------------------------------------------------------------

// Another program's route to the same destination is the operator's choice.
bool has_direct_route(const Network& network, const Route& wanted) {
  return std::ranges::any_of(network.routes, [&](const Route& route) {
    return route == wanted || (route.table == main_table && route.protocol != our_protocol &&
                               route.destination == wanted.destination);
  });
}

// Whether a network of another device contains it, such as a pod's address. It never follows the
// default, and a route through the public gateway would cut it off.
bool is_on_another_link(const Network& network, const Prefix& destination, const Path& path) {
  return std::ranges::any_of(network.routes, [&](const Route& route) {
    return is_network_of_device(route) && route.via.ifindex != path.via.ifindex &&
           route.destination.contains(destination);
  });
}

void add_direct_routes(std::vector<Step>& steps, const Network& network,
                       const std::vector<Route>& wanted) {
  for (const Route& route : wanted) {
    if (!has_direct_route(network, route)) {
      const std::string destination = route.destination.to_string();
      steps.push_back({SetRoute{route}, route.via.gateway
                                            ? destination + " stays on the public gateway"
                                            : destination + " is a gateway without a route to it"});
    }
  }
}

void remove_stale_routes(std::vector<Step>& steps, const Network& network,
                         const std::vector<Route>& wanted) {
  for (const Route& route : network.routes) {
    const bool ours = route.table == main_table && route.protocol == our_protocol;
    const bool replaced = std::ranges::any_of(wanted, [&](const Route& other) {
      return other.destination == route.destination && other.metric == route.metric;
    });
    if (ours && !replaced && !is_our_default(route)) {
      steps.push_back({RemoveRoute{route}, "made by an earlier run, no longer wanted"});
    }
  }
}

// --- our tables --------------------------------------------------------------------------------

void add_table(std::vector<Step>& steps, const Network& network, const Path& path,
               std::uint32_t table, std::string_view reason) {
  const auto there = default_of(network, table);
  if (there && goes_via(*there, path)) {
    return;
  }
  Route wanted = route_by(path);
  wanted.table = table;
  if (there) {
    wanted.metric = there->metric;  // replaced in place, because an old one beside it might win
  }
  steps.push_back({SetRoute{wanted}, std::string(reason)});
}

// A default through the anchor is dead once the address is gone, so it must not come back.
void remember_default(std::vector<Step>& steps, const Network& network, const Path& anchor_path) {
  auto copy = default_in_force(network);
  if (!copy || is_our_default(*copy) || goes_via(*copy, anchor_path)) {
    return;
  }
  copy->table = memory_table;
  if (!contains(network, *copy)) {
    steps.push_back(
        {SetRoute{*copy}, "keeps the default route, so that it can come back as it was"});
  }
}

// Also where somebody else made it: without the address it leads nowhere.
bool leads_through_anchor(const Network& network, const Route& route) {
  const auto by_anchor = default_of(network, anchor_table);
  return by_anchor && by_anchor->protocol == our_protocol && by_anchor->via == route.via;
}

// The default is not ours to set: one that is ours is put back first, its copy removed after.
void forget_default(std::vector<Step>& steps, const Network& network, const Paths& paths) {
  const auto in_force = default_in_force(network);
  if (in_force && is_our_default(*in_force)) {
    const auto back =
        default_by_public(network, paths.public_path, "only destinations are switched");
    steps.insert(steps.end(), back.begin(), back.end());
    return;
  }
  for (const Route& route : network.routes) {
    if (in_force && is_stored_default(network, route)) {
      steps.push_back({RemoveRoute{route}, "a copy of what is in force again"});
    }
  }
}

// --- the default -------------------------------------------------------------------------------

// Whether a rule behind the main table, such as the kernel's for table default, leads every packet
// to another default, which serves once main has none.
bool has_default_behind_main(const Network& network) {
  return std::ranges::any_of(network.rules, [&](const Rule& rule) {
    const auto route = default_of(network, rule.table);
    return rule.priority > main_rule_priority && rule.plain && !rule.source && !rule.mark &&
           route && !leads_through_anchor(network, *route);
  });
}

// The attributes of the path (mtu, advmss, initcwnd, …) also apply to the anchor.
Route anchor_default(const Network& network, const Paths& paths, std::uint8_t protocol) {
  const auto in_force = default_in_force(network);
  Route route = route_by(paths.anchor_path);
  route.metric = in_force ? in_force->metric : 0;
  route.protocol = protocol;
  if (in_force && !is_our_default(*in_force)) {
    route.metrics = in_force->metrics;
  } else if (const auto replaced = replaced_default(network, route.metric)) {
    route.metrics = replaced->metrics;
  }
  return route;
}

}  // namespace

bool is_default_of(const Route& route, std::uint32_t table) {
  return route.table == table && route.destination == everywhere && route.tos == 0 &&
         route.type == unicast;
}

std::optional<Route> default_of(const Network& network, std::uint32_t table) {
  std::optional<Route> best;
  for (const Route& route : network.routes) {
    if (is_default_of(route, table) && (!best || route.metric < best->metric)) {
      best = route;
    }
  }
  return best;
}

std::optional<Route> default_in_force(const Network& network) {
  return default_of(network, main_table);
}

bool is_our_default(const Route& route) {
  return is_default_of(route, main_table) &&
         (route.protocol == our_protocol || route.protocol == unconfirmed_protocol);
}

bool is_default_confirmed(const Network& network) {
  const auto in_force = default_in_force(network);
  return in_force && in_force->protocol == our_protocol;
}

bool is_default_unconfirmed(const Network& network) {
  const auto in_force = default_in_force(network);
  return in_force && in_force->protocol == unconfirmed_protocol;
}

std::vector<Step> prepare_switch(const Network& network, const Paths& paths,
                                 const std::vector<Prefix>& direct, RouteMode mode) {
  std::vector<Route> routes = gateway_routes(network, paths);
  routes.push_back(route_by(paths.public_path, metadata_service));
  for (const Prefix& destination : direct) {
    if (!is_on_another_link(network, destination, paths.public_path)) {
      routes.push_back(route_by(paths.public_path, destination));
    }
  }
  std::vector<Step> steps;
  add_direct_routes(steps, network, routes);
  add_table(steps, network, paths.public_path, public_table,
            "routes replies of the public address through the public gateway");
  add_table(steps, network, paths.anchor_path, anchor_table,
            "routes packets of the anchor address through the anchor gateway");
  const auto rules = rules_and_marking(network, paths);
  steps.insert(steps.end(), rules.begin(), rules.end());
  if (mode == RouteMode::set_default) {
    remember_default(steps, network, paths.anchor_path);
  } else {
    forget_default(steps, network, paths);
  }
  const auto others = restore_other_metrics(network);
  steps.insert(steps.end(), others.begin(), others.end());
  remove_stale_routes(steps, network, routes);
  return steps;
}

std::vector<Step> default_by_anchor(const Network& network, const Paths& paths) {
  const auto in_force = default_in_force(network);
  const Route wanted = anchor_default(network, paths, unconfirmed_protocol);
  if (in_force && is_our_default(*in_force) && goes_via(*in_force, paths.anchor_path) &&
      in_force->source == wanted.source && in_force->metrics == wanted.metrics) {
    return {};
  }
  return {{ReplaceDefault{wanted},
           fmt::format("{}, wanted {} src {}", describe_default(network),
                       render_hop(wanted.via, network), wanted.source->to_string())}};
}

Step confirm_default(const Network& network, const Paths& paths) {
  return {ReplaceDefault{anchor_default(network, paths, our_protocol)},
          "egress through it is proven"};
}

std::vector<Step> default_by_public(const Network& network, const std::optional<Path>& public_path,
                                    std::string_view reason) {
  const auto in_force = default_in_force(network);
  if (in_force && !is_our_default(*in_force) && !leads_through_anchor(network, *in_force)) {
    return {};
  }
  const std::uint32_t metric = in_force ? in_force->metric : 0;
  auto wanted = in_force ? replaced_default(network, metric) : stored_default(network);
  if (!wanted && has_default_behind_main(network)) {
    return in_force ? std::vector{Step{RemoveRoute{*in_force}, std::string(reason)}}
                    : std::vector<Step>{};
  }
  if (!wanted) {
    wanted = public_path ? route_by(*public_path) : default_of(network, public_table);
    if (!wanted) {
      return {};  // only our own default is known
    }
    wanted->protocol = by_hand;
    wanted->metric = metric;
  }
  wanted->table = main_table;
  return {{ReplaceDefault{*wanted}, fmt::format("{}; {}", reason, describe_default(network))}};
}

std::vector<Step> restore_other_metrics(const Network& network) {
  std::vector<Step> steps;
  const auto in_force = default_in_force(network);
  for (const Route& route : network.routes) {
    if (!is_our_default(route) || route == in_force) {
      continue;
    }
    const auto replaced = replaced_default(network, route.metric);
    steps.push_back(replaced
                        ? Step{ReplaceDefault{*replaced}, "another default replaced it"}
                        : Step{RemoveRoute{route}, "made by an earlier run, no longer in effect"});
  }
  return steps;
}

bool is_network_of_device(const Route& route) {
  return route.table == main_table && !route.via.gateway && !route.multipath &&
         !route.nexthop_object && route.destination != Prefix{};
}

std::vector<Step> reach_metadata(const Network& network) {
  const auto in_force = default_in_force(network);
  const auto public_default = default_of(network, public_table);
  if (!in_force || !is_our_default(*in_force) || !public_default) {
    return {};
  }
  const bool there = std::ranges::any_of(network.routes, [](const Route& route) {
    return route.table == main_table && route.destination == metadata_service;
  });
  if (there) {
    return {};
  }
  return {{SetRoute{{.destination = metadata_service, .via = public_default->via}},
           "keeps the metadata service reachable"}};
}

std::string describe_default(const Network& network) {
  const auto route = default_in_force(network);
  if (!route) {
    return "there is no default route";
  }
  return route->multipath
             ? "the default route has several gateways"
             : fmt::format("the default route goes via {}", render_hop(route->via, network));
}

}  // namespace core
