// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"

#include "core/plan/rules.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr Prefix everywhere{};

bool is_default(const Route& route, std::uint32_t table) {
  return route.table == table && route.destination == everywhere && route.tos == 0;
}

// --- direct routes -----------------------------------------------------------------------------

Route direct_route(const Prefix& destination, const Path& path) {
  return {.destination = destination, .via = path.via, .source = path.address};
}

// A route of somebody else's to the same destination is the operator's own choice.
bool has_direct_route(const Network& network, const Route& wanted) {
  return std::ranges::any_of(network.routes, [&](const Route& route) {
    return route == wanted || (route.table == main_table && route.protocol != our_protocol &&
                               route.destination == wanted.destination);
  });
}

void add_direct_routes(std::vector<Step>& steps, const Network& network,
                       const std::vector<Route>& wanted) {
  for (const Route& route : wanted) {
    if (!has_direct_route(network, route)) {
      const std::string destination = route.destination.to_string();
      steps.push_back({SetRoute{route},
                       route.via.gateway ? destination + " must keep leaving by the public gateway"
                                         : destination + " is a gateway that no route reaches"});
    }
  }
}

void remove_stale_routes(std::vector<Step>& steps, const Network& network,
                         const std::vector<Route>& wanted) {
  const auto in_force = default_in_force(network);
  for (const Route& route : network.routes) {
    const bool ours = route.table == main_table && route.protocol == our_protocol;
    const bool replaced = std::ranges::any_of(wanted, [&](const Route& other) {
      return other.destination == route.destination && other.metric == route.metric;
    });
    if (ours && !replaced && route != in_force) {
      steps.push_back({RemoveRoute{route}, "ours, and no longer wanted"});
    }
  }
}

// --- replies of the public address -------------------------------------------------------------

// A copy of the default that leads there now, so that `release` can put back exactly that one.
Route reply_route(std::optional<Route> route, const Path& path) {
  if (!route || !goes_via(*route, path)) {
    route = Route{.via = path.via, .source = path.address};
  }
  route->table = public_table;
  return *route;
}

void add_reply_route(std::vector<Step>& steps, const Network& network, const Path& path,
                     const std::optional<Route>& former) {
  const auto there = default_of(network, public_table);
  if (there && goes_via(*there, path)) {
    return;
  }
  Route wanted = reply_route(former, path);
  if (there) {
    wanted.metric = there->metric;  // in its place: beside it, the stale one might win
  }
  steps.push_back({SetRoute{wanted}, fmt::format("replies of {} must leave by its own gateway",
                                                 path.address.to_string())});
}

// Inert, since the copy that replies go by has a lower metric; it remembers a default that led
// neither by the public gateway nor the anchor.
constexpr std::uint32_t remembering_metric = 4'294'967'295;

void remember_default(std::vector<Step>& steps, const Network& network, const Paths& paths,
                      const std::optional<Route>& former) {
  if (!former || former->protocol == our_protocol || former->multipath ||
      goes_via(*former, paths.public_path) || goes_via(*former, paths.anchor_path)) {
    return;
  }
  Route copy = *former;
  copy.table = public_table;
  copy.metric = remembering_metric;
  if (std::ranges::find(network.routes, copy) == network.routes.end()) {
    steps.push_back({SetRoute{copy}, "the default that is replaced is to be found again"});
  }
}

// --- the default -------------------------------------------------------------------------------

ReplaceDefault replace_default(const std::optional<Route>& in_force, Route wanted) {
  wanted.table = main_table;
  wanted.metric = in_force ? in_force->metric : 0;
  return {wanted};
}

std::string described(const std::optional<Route>& route, const Network& network) {
  if (!route) {
    return "there is no default route";
  }
  return route->multipath
             ? "the default route has several gateways"
             : fmt::format("the default route goes via {}", render_hop(route->via, network));
}

}  // namespace

std::optional<Route> default_of(const Network& network, std::uint32_t table) {
  std::optional<Route> best;
  for (const Route& route : network.routes) {
    if (is_default(route, table) && (!best || route.metric < best->metric)) {
      best = route;
    }
  }
  return best;
}

std::optional<Route> default_in_force(const Network& network) {
  return default_of(network, main_table);
}

std::vector<Step> keep_public_paths(const Network& network, const Paths& paths,
                                    const std::vector<Prefix>& direct, const Network* before) {
  std::vector<Route> routes = gateway_routes(network, paths);
  routes.push_back(direct_route(metadata_service, paths.public_path));
  for (const Prefix& destination : direct) {
    routes.push_back(direct_route(destination, paths.public_path));
  }
  std::vector<Step> steps;
  add_direct_routes(steps, network, routes);
  const auto former = default_in_force(before != nullptr ? *before : network);
  add_reply_route(steps, network, paths.public_path, former);
  remember_default(steps, network, paths, former);
  const auto rules = rules_and_marking(network, paths);
  steps.insert(steps.end(), rules.begin(), rules.end());
  remove_stale_routes(steps, network, routes);
  return steps;
}

std::vector<Step> default_by_anchor(const Network& network, const Paths& paths) {
  const auto in_force = default_in_force(network);
  const Path& anchor = paths.anchor_path;
  if (in_force && goes_via(*in_force, anchor) && in_force->source == anchor.address) {
    return {};
  }
  ReplaceDefault action = replace_default(in_force, {.via = anchor.via, .source = anchor.address});
  action.to_be_proven = true;
  return {{action, fmt::format("{}, wanted {} src {}", described(in_force, network),
                               render_hop(anchor.via, network), anchor.address.to_string())}};
}

std::vector<Step> default_by_public(const Network& network, const Paths& paths,
                                    std::string_view reason) {
  const auto in_force = default_in_force(network);
  if (in_force && !goes_via(*in_force, paths.anchor_path)) {
    return {};
  }
  auto wanted = default_of(network, public_table);
  if (!wanted || !goes_via(*wanted, paths.public_path)) {
    wanted = Route{.via = paths.public_path.via};
  }
  return {{replace_default(in_force, *wanted),
           fmt::format("{}, and {}", reason, described(in_force, network))}};
}

std::vector<Step> remove_ours(const Network& network, const Droplet& droplet) {
  constexpr std::uint8_t by_hand = 3;  // RTPROT_BOOT
  std::vector<Step> steps;
  const auto in_force = default_in_force(network);
  auto former = default_of(network, public_table);
  for (const Route& route : network.routes) {
    if (is_default(route, public_table) && route.metric == remembering_metric) {
      former = route;
    }
  }
  if (!former && droplet.public_interface) {
    former =
        Route{.via = {droplet.public_interface->gateway, in_force ? in_force->via.ifindex : 0}};
  }
  if (in_force && in_force->protocol == our_protocol && former) {
    if (former->protocol == our_protocol) {
      former->protocol = by_hand;
    }
    steps.push_back({replace_default(in_force, *former), "the default route is ours"});
  }
  if (network.marking.state == Marking::State::set) {
    steps.push_back({RemoveMarking{}, "ours"});
  }
  const auto rules = remove_rules(network, {}, "ours");
  steps.insert(steps.end(), rules.begin(), rules.end());
  for (const Route& route : network.routes) {
    const bool ours = route.table == public_table || route.protocol == our_protocol;
    if (ours && route != in_force) {
      steps.push_back({RemoveRoute{route}, "ours"});
    }
  }
  return steps;
}

std::vector<Step> reach_metadata(const Network& network) {
  const auto in_force = default_in_force(network);
  const auto public_default = default_of(network, public_table);
  if (!in_force || in_force->protocol != our_protocol || !public_default) {
    return {};
  }
  const bool there = std::ranges::any_of(network.routes, [](const Route& route) {
    return route.table == main_table && route.destination == metadata_service;
  });
  if (there) {
    return {};
  }
  return {{SetRoute{{.destination = metadata_service, .via = public_default->via}},
           "the metadata service may be cut off by our own default route"}};
}

std::optional<Ending> default_overruled(const Network& network) {
  const auto in_force = default_in_force(network);
  if (!in_force || in_force->multipath) {
    return std::nullopt;
  }
  for (std::size_t index = 0; index < network.leaves_by.size(); ++index) {
    const NextHop& actual = network.leaves_by[index];
    if (actual != in_force->via) {
      const std::string probe = probes.at(index).to_string();
      return Ending{.exit = Exit::config,
                    .message = fmt::format("traffic to {} leaves by {}, not by the default route "
                                           "of the main table via {}",
                                           probe, render_hop(actual, network),
                                           render_hop(in_force->via, network)),
                    .hint = fmt::format("a rule or a more specific route is in front: see "
                                        "`ip rule` and `ip route get {}`; a VPN, or another agent "
                                        "(then --route none)",
                                        probe)};
    }
  }
  return std::nullopt;
}

}  // namespace core
