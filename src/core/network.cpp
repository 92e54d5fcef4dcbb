// SPDX-License-Identifier: Apache-2.0
#include "core/network.hpp"

#include "core/prefixes.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

// Destinations that are looked up, never contacted. Each quarter of the address space has several,
// because the operator may have a route to one of them.
constexpr std::array<std::array<std::uint8_t, 3>, 4> first_octets = {
    {{23, 45, 52}, {64, 87, 104}, {129, 151, 178}, {193, 208, 217}}};
constexpr int shortest_specific = 8;  // a VPN covers everything with halves, quarters, …

bool is_specific(const Route& route) {
  return route.table == main_table && route.destination.length > 0 &&
         (route.destination.length >= shortest_specific || route.protocol == our_protocol);
}

bool has_specific_route(const std::vector<Route>& routes, Ipv4 destination) {
  return std::ranges::any_of(routes, [&](const Route& route) {
    return is_specific(route) && route.destination.contains(destination);
  });
}

Ipv4 candidate(std::uint8_t octet) {
  return {{octet, octet, octet, octet}};
}

}  // namespace

std::vector<Ipv4> destinations_of_defaults(const std::vector<Route>& routes,
                                           const std::vector<RouteGroup>& groups) {
  std::vector<Ipv4> destinations;
  for (const auto& quarter : first_octets) {
    const auto free = std::ranges::find_if(quarter, [&](std::uint8_t octet) {
      return !has_specific_route(routes, candidate(octet)) &&
             longest_match(groups, candidate(octet)) == nullptr;
    });
    if (free != quarter.end()) {
      destinations.push_back(candidate(*free));
    }
  }
  return destinations;
}

std::vector<Ipv4> sample_destinations(const std::vector<RouteGroup>& destinations) {
  constexpr std::size_t most = 4;
  std::vector<Ipv4> samples;
  const auto add = [&](Ipv4 address) {
    if (std::ranges::find(samples, address) == samples.end() && samples.size() < most) {
      samples.push_back(address);
    }
  };
  for (const RouteGroup& group : destinations) {
    add(group.destinations.front().address);
    add(group.destinations.back().address);
  }
  return samples;
}

const RouteGroup* longest_match(const std::vector<RouteGroup>& groups, Ipv4 address) {
  const RouteGroup* best = nullptr;
  int longest = -1;
  for (const RouteGroup& group : groups) {
    const Prefix* found = Cover(group.destinations).find(Prefix::host(address));
    if (found != nullptr && found->length > longest) {
      longest = found->length;
      best = &group;
    }
  }
  return best;
}

std::size_t add_to_groups(std::vector<RouteGroup>& groups, const Route& like,
                          const Prefix& destination) {
  const auto found = std::ranges::find(groups, like, &RouteGroup::like);
  const auto place = static_cast<std::size_t>(found - groups.begin());
  if (found == groups.end()) {
    groups.push_back({like});
  }
  groups[place].destinations.push_back(destination);
  return place;
}

void sort_groups(std::vector<RouteGroup>& groups) {
  for (RouteGroup& group : groups) {
    if (!std::ranges::is_sorted(group.destinations)) {
      std::ranges::sort(group.destinations);
    }
  }
}

std::vector<RouteGroup>& groups_of(Network& network, std::uint32_t table) {
  return table == pods_table ? network.pod_destinations : network.destinations;
}

const std::vector<RouteGroup>& groups_of(const Network& network, std::uint32_t table) {
  return table == pods_table ? network.pod_destinations : network.destinations;
}

bool is_our_table(std::uint32_t table) {
  return table == public_table || table == anchor_table || table == memory_table ||
         table == pods_table;
}

}  // namespace core
