// SPDX-License-Identifier: Apache-2.0
#include "core/plan/conflicts.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/rules.hpp"
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

// --- what wins over the default of the main table -----------------------------------------------

// Whether a rule behind the main table leads there: any default of the main table would win.
bool is_behind_main(const Network& network, const NextHop& hop) {
  return std::ranges::any_of(network.rules, [&](const Rule& rule) {
    const auto route = default_of(network, rule.table);
    return rule.priority > main_rule_priority && route && route->via == hop;
  });
}

bool is_by_our_default(const Network& network, const Route& route) {
  const auto in_force = default_in_force(network);
  return in_force && is_our_default(*in_force) && route.via == in_force->via;
}

// Destinations that only a default covers, or a network as large as a quarter of the world.
bool covers_any(const std::vector<Resolution>& resolutions, const Route& route) {
  return std::ranges::any_of(resolutions, [&](const Resolution& resolution) {
    return route.destination.contains(resolution.destination);
  });
}

// Another program's route that wins over any default: one for half of the world, say, or a default
// for a type of service. It is looked for only where no packet shows it yet: it may lead to where
// the default leads now.
std::optional<Route> find_winner(const Network& network) {
  const auto found = std::ranges::find_if(network.routes, [&](const Route& route) {
    const bool foreign =
        route.table == main_table && route.type == unicast && route.protocol != our_protocol;
    const bool wins =
        route.destination == Prefix{} ? route.tos != 0 : covers_any(network.leaves_by, route);
    return foreign && wins && !is_by_our_default(network, route);
  });
  return found == network.routes.end() ? std::nullopt : std::optional(*found);
}

// A rule of another program that catches packets from a source before `priority`, and whose table
// may decide about a default.
bool is_in_front(const Rule& rule, std::uint32_t priority) {
  return rule.protocol != our_protocol && rule.plain && !rule.mark && rule.priority < priority &&
         !rule.suppress_prefixlength;
}

// Another program's rule for every packet, to a default in another table.
const Rule* find_winning_rule(const Network& network) {
  const auto found = std::ranges::find_if(network.rules, [&](const Rule& rule) {
    const auto route = default_of(network, rule.table);
    return is_in_front(rule, main_rule_priority) && !rule.source && rule.table != main_table &&
           route && !is_by_our_default(network, *route);
  });
  return found == network.rules.end() ? nullptr : &*found;
}

// What no rule shows that is decoded here, such as one for a protocol, or a goto: the kernel tells
// it once our rule is there, which is before the switch.
std::optional<Ending> replies_overruled(const Network& network, Ipv4 source) {
  const bool whole = default_of(network, public_table).has_value();  // else it is repaired first
  const bool past_ours = whole && std::ranges::any_of(network.leaves_from, [&](const auto& from) {
                           return from.source == source && from.table == main_table;
                         });
  return past_ours ? std::optional(Ending{
                         .exit = Exit::config,
                         .message =
                             fmt::format("cannot use rule {}: packets of {} go past it to table {}",
                                         public_table_priority, source.to_string(), main_table),
                         .hint = fmt::format(
                             "find the rule in front of it with `ip rule`, and give it a priority "
                             "above {}; if another agent owns the routes, use --route none",
                             anchor_table_priority)})
                   : std::nullopt;
}

Ending overruled_by(std::string what, const std::string& look) {
  return {.exit = Exit::config,
          .message = fmt::format("cannot use the default route of the main table: {}", what),
          .hint = fmt::format("find the rule or route in front with {}; if another agent owns the "
                              "routes, use --route none",
                              look)};
}

}  // namespace

std::optional<Ending> default_overruled(const Network& network) {
  const auto in_force = default_in_force(network);
  const bool one_hop =
      !in_force || !(in_force->multipath || (in_force->nexthop_object && !in_force->via.gateway));
  const NextHop expected = in_force ? in_force->via : NextHop{};
  for (const auto& [destination, actual] : network.leaves_by) {
    if (one_hop && actual != expected && (in_force || !is_behind_main(network, actual))) {
      return overruled_by(
          fmt::format("traffic to {} goes {}, {}", destination.to_string(),
                      actual == NextHop{} ? "nowhere" : "via " + render_hop(actual, network),
                      in_force ? "not via " + render_hop(expected, network)
                               : "and there is no default route"),
          fmt::format("`ip rule` and `ip route get {}`", destination.to_string()));
    }
  }
  if (const auto winner = find_winner(network)) {
    const std::string tos = winner->tos == 0 ? "" : fmt::format(" tos {:#04x}", winner->tos);
    return overruled_by(
        fmt::format("the route to {}{} wins over it", winner->destination.to_string(), tos),
        "`ip route`");
  }
  if (const Rule* rule = find_winning_rule(network)) {
    return overruled_by(fmt::format("rule {} sends everything to the default route of table {}",
                                    rule->priority, rule->table),
                        "`ip rule`");
  }
  return std::nullopt;
}

std::optional<Ending> sources_overruled(const Network& network, const Paths& paths) {
  const auto catches = [](const Rule& rule, const Path& path) {
    return !rule.source || rule.source->contains(path.address);
  };
  for (const Rule& rule : network.rules) {
    const auto route = default_of(network, rule.table);
    const bool cuts_replies = rule.table == main_table && catches(rule, paths.public_path) &&
                              is_in_front(rule, replies_kept_at(network, paths.public_path));
    const bool misleads = rule.table != main_table && route && catches(rule, paths.anchor_path) &&
                          is_in_front(rule, anchor_table_priority) &&
                          !goes_via(*route, paths.anchor_path);
    if (cuts_replies || misleads) {
      return Ending{
          .exit = Exit::config,
          .message = fmt::format(
              "cannot use rule {}: packets of {} follow rule {} to table {}",
              cuts_replies ? public_table_priority : anchor_table_priority,
              (cuts_replies ? paths.public_path : paths.anchor_path).address.to_string(),
              rule.priority, rule.table),
          .hint = fmt::format("give rule {} a priority above {}, see `ip rule`; if another agent "
                              "owns the routes, use --route none",
                              rule.priority, anchor_table_priority)};
    }
  }
  return replies_overruled(network, paths.public_path.address);
}

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
