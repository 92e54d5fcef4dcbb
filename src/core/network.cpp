// SPDX-License-Identifier: Apache-2.0
#include "core/network.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

// Only looked up, never sent to. In each quarter of the address space several, since the operator
// may have a route of its own to any of them.
constexpr std::array<std::array<std::uint8_t, 3>, 4> first_octets = {
    {{23, 45, 52}, {64, 87, 104}, {129, 151, 178}, {193, 208, 217}}};
constexpr int shortest_specific = 8;  // a VPN takes everything by halves, quarters, …

bool is_specific(const Route& route) {
  return route.table == main_table && route.destination.length > 0 &&
         (route.destination.length >= shortest_specific || route.protocol == our_protocol);
}

}  // namespace

std::vector<Ipv4> destinations_of_defaults(const std::vector<Route>& routes) {
  std::vector<Ipv4> destinations;
  for (const auto& quarter : first_octets) {
    for (const std::uint8_t octet : quarter) {
      const Ipv4 candidate{{octet, octet, octet, octet}};
      const bool taken = std::ranges::any_of(routes, [&](const Route& route) {
        return is_specific(route) && route.destination.contains(candidate);
      });
      if (!taken) {
        destinations.push_back(candidate);
        break;
      }
    }
  }
  return destinations;
}

bool is_our_table(std::uint32_t table) {
  return table == public_table || table == anchor_table || table == memory_table;
}

}  // namespace core
