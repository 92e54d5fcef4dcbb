// SPDX-License-Identifier: Apache-2.0
#include "core/plan/stored_default.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>

namespace core {
namespace {

bool is_of_switch(const Route& route) {
  const bool ours = route.protocol == our_protocol || route.protocol == unconfirmed_protocol;
  return ours && route.table != memory_table &&
         (route.table == main_table || is_our_table(route.table));
}

// The fence around destinations needs no switch.
bool is_rule_of_switch(const Rule& rule) {
  return rule.protocol == our_protocol && !is_destination_rule(rule);
}

// Others may have removed all of ours but the stored default. It must not be lost then.
bool has_way_out(const Network& network) {
  return default_in_force(network) ||
         std::ranges::any_of(network.leaves_by, [](const Resolution& resolution) {
           return resolution.hop != NextHop{};
         });
}

}  // namespace

bool is_switch_prepared(const Network& network) {
  return network.marking.state == Marking::State::set || network.pod_snat ||
         std::ranges::any_of(network.routes, is_of_switch) ||
         std::ranges::any_of(network.rules, is_rule_of_switch);
}

bool is_stored_default(const Network& network, const Route& route) {
  return is_default_of(route, memory_table) &&
         (is_switch_prepared(network) || !has_way_out(network));
}

std::optional<Route> stored_default(const Network& network) {
  const auto lowest = default_of(network, memory_table);
  return lowest && is_stored_default(network, *lowest) ? lowest : std::nullopt;
}

std::optional<Route> replaced_default(const Network& network, std::uint32_t metric) {
  for (Route route : network.routes) {
    if (route.metric == metric && is_stored_default(network, route)) {
      route.table = main_table;
      return route;
    }
  }
  return std::nullopt;
}

}  // namespace core
