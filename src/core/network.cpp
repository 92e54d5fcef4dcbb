// SPDX-License-Identifier: Apache-2.0
#include "core/network.hpp"

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

std::vector<Ipv4> destinations_of_defaults(const std::vector<Route>& routes) {
  std::vector<Ipv4> destinations;
  for (const auto& quarter : first_octets) {
    const auto free = std::ranges::find_if(
        quarter, [&](std::uint8_t octet) { return !has_specific_route(routes, candidate(octet)); });
    if (free != quarter.end()) {
      destinations.push_back(candidate(*free));
    }
  }
  return destinations;
}

bool is_our_table(std::uint32_t table) {
  return table == public_table || table == anchor_table || table == memory_table;
}

}  // namespace core
