// SPDX-License-Identifier: Apache-2.0
#include "core/plan/conflicts.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/stored_default.hpp"
#include "core/prefixes.hpp"

#include <algorithm>
#include <utility>

namespace core {
namespace {

Ending taken(std::uint32_t table, const Prefix& destination) {
  return {
      .exit = Exit::config,
      .message =
          fmt::format("cannot use table {}: it has a route to {} that do-egress-ip did not make",
                      table, destination.to_string()),
      .hint = fmt::format(
          "give the owner of that route another table; show it with: ip route show table {0}{1}",
          table,
          table == memory_table
              ? fmt::format("; if nothing else uses it: ip route flush table {}", table)
              : std::string{})};
}

Ending cut_off_by(const Prefix& destination, std::string_view what) {
  return {
      .exit = Exit::config,
      .message = fmt::format("cannot close {}: it contains {}, which this node needs at any time",
                             destination.to_string(), what),
      .hint =
          "give --destination smaller networks, or keep that one out with --direct; see `ip "
          "route`"};
}

bool is_network_of_device(const Route& route) {
  return route.table == main_table && !route.via.gateway && !route.multipath &&
         !route.nexthop_object && route.destination != Prefix{};
}

using Needed = std::pair<Prefix, std::string_view>;

// What this node reaches by itself: gateways, networks of its devices, its own addresses.
std::vector<Needed> needed_networks(const Network& network, const std::optional<Droplet>& droplet) {
  std::vector<Needed> needed;
  if (droplet && droplet->anchor) {
    needed.emplace_back(Prefix::host(droplet->anchor->gateway), "a gateway");
  }
  for (const Route& route : network.routes) {
    if (route.via.gateway) {
      needed.emplace_back(Prefix::host(*route.via.gateway), "a gateway");
    }
    if (is_network_of_device(route)) {
      needed.emplace_back(route.destination, "the network of a device");
    }
  }
  for (const LinkAddress& held : network.addresses) {
    needed.emplace_back(Prefix::host(held.address), "an address of this node");
  }
  return needed;
}

}  // namespace

std::optional<Ending> table_taken(const Network& network) {
  const auto foreign = std::ranges::find_if(network.routes, [&](const Route& route) {
    return route.table == memory_table
               ? !is_stored_default(network, route)
               : is_our_table(route.table) && route.protocol != our_protocol;
  });
  if (foreign != network.routes.end()) {
    return taken(foreign->table, foreign->destination);
  }
  for (const RouteGroup& group : network.pod_destinations) {
    if (group.like.protocol != our_protocol) {
      return taken(pods_table, group.destinations.front());
    }
  }
  return std::nullopt;
}

std::optional<Ending> destinations_overruled(const Network& network) {
  if (!has_destination_rule(network)) {
    return std::nullopt;
  }
  for (const auto& [destination, actual] : network.samples) {
    const RouteGroup* group = longest_match(network.destinations, destination);
    if (group == nullptr || group->like.type == throw_type || actual == group->like.via) {
      continue;
    }
    return Ending{.exit = Exit::config,
                  .message = fmt::format("cannot route {}: its traffic goes to {}, past rule {}",
                                         destination.to_string(), render_hop(actual, network),
                                         destination_priority),
                  .hint = fmt::format("another rule is in front: see `ip rule` and `ip route get "
                                      "{}`; a VPN, or another agent",
                                      destination.to_string())};
  }
  return std::nullopt;
}

std::optional<Ending> destinations_refused(const Network& network, const Config& asked,
                                           const std::optional<Droplet>& droplet) {
  const auto foreign = std::ranges::find_if(network.destinations, [](const RouteGroup& group) {
    return !is_our_destination(group.like);
  });
  if (foreign != network.destinations.end()) {
    return taken(destination_table, foreign->destinations.front());
  }
  if (!has_destinations(asked)) {
    return std::nullopt;
  }
  const Cover cover(asked.destinations);
  const Prefixes direct = direct_destinations(asked);
  for (const auto& [needed, kind] : needed_networks(network, droplet)) {
    const Prefix& inner = needed;
    const Prefix* outer = cover.find(inner);
    const bool kept_out =
        std::ranges::any_of(direct, [&](const Prefix& except) { return except.contains(inner); });
    if (outer != nullptr && !kept_out) {
      return cut_off_by(*outer, fmt::format("{}, {}", inner.to_string(), kind));
    }
  }
  return std::nullopt;
}

}  // namespace core
