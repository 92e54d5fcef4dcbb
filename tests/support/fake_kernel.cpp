// SPDX-License-Identifier: Apache-2.0
#include "support/fake_kernel.hpp"

#include "core/plan/destinations.hpp"

#include <algorithm>
#include <utility>

namespace support {
namespace {

core::Error refused(const std::string& why) {
  return core::Error(core::Exit::os_error, "{}", why);
}

bool same_place(const core::Route& left, const core::Route& right) {
  return left.destination == right.destination && left.table == right.table &&
         left.metric == right.metric && left.tos == right.tos;
}

// The kernel ignores the protocol when it compares rules (net/core/fib_rules.c, rule_exists).
bool same_rule(core::Rule left, const core::Rule& right) {
  left.protocol = right.protocol;
  return left == right;
}

core::Prefix network_of(const core::LinkAddress& held) {
  core::Prefix result{held.address, held.length};
  for (int bit = held.length; bit < 32; ++bit) {
    auto& octet = result.address.octets.at(static_cast<std::size_t>(bit / 8));
    octet = static_cast<std::uint8_t>(octet & ~(0x80U >> static_cast<unsigned>(bit % 8)));
  }
  return result;
}

std::optional<core::Route> lookup(const core::Network& network, const core::Rule& rule,
                                  core::Ipv4 destination) {
  if (rule.table == core::destination_table) {
    const core::RouteGroup* group = core::longest_match(network.destinations, destination);
    return group == nullptr || group->like.type == core::throw_type ? std::nullopt
                                                                    : std::optional(group->like);
  }
  std::optional<core::Route> best;
  for (const core::Route& route : network.routes) {
    const bool better =
        !best || route.destination.length > best->destination.length ||
        (route.destination.length == best->destination.length && route.metric < best->metric);
    if (route.table == rule.table && route.destination.contains(destination) && better) {
      best = route;
    }
  }
  const bool suppressed = best && rule.suppress_prefixlength &&
                          best->destination.length <= static_cast<int>(*rule.suppress_prefixlength);
  return suppressed ? std::nullopt : best;
}

}  // namespace

core::Network FakeKernel::read() {
  ++reads;
  core::Network shown = network;
  shown.leaves_by = resolved(network);
  shown.samples = resolved(network, core::sample_destinations(network.destinations));
  shown.leaves_from = resolved_sources(network);
  std::erase_if(shown.routes, [](const core::Route& route) {
    return route.table != core::main_table && !core::is_our_table(route.table) &&
           route.destination != core::Prefix{};
  });
  return shown;
}

void FakeKernel::set_route(const core::Route& route) {
  change("set " + route.destination.to_string());
  require_valid_hop(route);
  const auto there = std::ranges::find_if(
      network.routes, [&](const core::Route& other) { return same_place(other, route); });
  if (there != network.routes.end()) {
    *there = route;
  } else {
    network.routes.push_back(route);
  }
  if (meddler) {
    meddler(network);
  }
}

void FakeKernel::remove_route(const core::Route& route) {
  change("remove " + route.destination.to_string());
  if (std::erase(network.routes, route) == 0) {
    throw refused("No such process");
  }
}

void FakeKernel::set_destinations(const core::RouteGroup& routes) {
  change(std::to_string(routes.like.type) + " set " + routes.destinations.front().to_string());
  if (routes.like.type == core::unicast) {
    require_valid_hop(routes.like);
  }
  network = core::with_destinations(network, {{core::SetDestinations{routes}, ""}});
  if (meddler) {
    meddler(network);
  }
}

void FakeKernel::remove_destinations(const core::RouteGroup& routes) {
  change("remove " + routes.destinations.front().to_string());
  const auto& groups = core::groups_of(network, routes.like.table);
  const auto there = std::ranges::find(groups, routes.like, &core::RouteGroup::like);
  if (there == groups.end() || !std::ranges::includes(there->destinations, routes.destinations)) {
    throw refused("No such process");
  }
  network = core::with_destinations(network, {{core::RemoveDestinations{routes}, ""}});
}

void FakeKernel::add_rule(const core::Rule& rule) {
  change("add rule " + std::to_string(rule.priority));
  const auto same = [&](const core::Rule& other) { return same_rule(other, rule); };
  if (std::ranges::any_of(network.rules, same)) {
    throw refused("File exists");
  }
  const auto after = std::ranges::upper_bound(network.rules, rule.priority, std::ranges::less{},
                                              &core::Rule::priority);
  network.rules.insert(after, rule);
}

void FakeKernel::remove_rule(const core::Rule& rule) {
  change("remove rule " + std::to_string(rule.priority));
  if (std::erase(network.rules, rule) == 0) {
    throw refused("No such file or directory");
  }
}

void FakeKernel::set_marking(core::Ipv4 address) {
  change("set marking " + address.to_string());
  network.marking = {core::Marking::State::set, address};
}

void FakeKernel::remove_marking() {
  change("remove marking");
  if (network.marking.state != core::Marking::State::set) {
    throw refused("No such file or directory");
  }
  network.marking = {};
}

void FakeKernel::set_pod_snat(const core::PodSnat& snat) {
  change("set pod snat " + snat.anchor.to_string());
  network.pod_snat = snat;
}

void FakeKernel::remove_pod_snat() {
  change("remove pod snat");
  if (!network.pod_snat) {
    throw refused("No such file or directory");
  }
  network.pod_snat.reset();
}

core::PodFacts FakeKernel::read_pod_facts(const core::NextHop& /*anchor*/) {
  return pods;
}

// Of the rules that are decoded: the real one also follows a goto, or a rule for a protocol.
std::vector<core::SourceResolution> FakeKernel::resolved_sources(const core::Network& network) {
  const auto leaves_by = resolved(network);
  std::vector<core::SourceResolution> resolutions;
  for (const core::Rule& asked : network.rules) {
    if (asked.table != core::public_table || !asked.source || leaves_by.empty()) {
      continue;
    }
    const auto serves = std::ranges::find_if(network.rules, [&](const core::Rule& rule) {
      return rule.plain && !rule.mark &&
             (!rule.source || rule.source->contains(asked.source->address)) &&
             lookup(network, rule, leaves_by.front().destination);
    });
    if (serves != network.rules.end()) {
      resolutions.push_back({asked.source->address, serves->table});
    }
  }
  return resolutions;
}

std::vector<core::Resolution> FakeKernel::resolved(const core::Network& network) {
  return resolved(network, core::destinations_of_defaults(network.routes, network.destinations));
}

std::vector<core::Resolution> FakeKernel::resolved(const core::Network& network,
                                                   const std::vector<core::Ipv4>& destinations) {
  std::vector<core::Resolution> resolutions;
  for (const core::Ipv4 destination : destinations) {
    std::optional<core::Route> found;
    for (const core::Rule& rule : network.rules) {
      if (!found && rule.plain && !rule.source && !rule.mark) {
        found = lookup(network, rule, destination);
      }
    }
    resolutions.push_back({destination, found ? found->via : core::NextHop{}});
  }
  return resolutions;
}

void FakeKernel::change(const std::string& what) {
  changes.push_back(what);
  if (changes.size() - 1 == refuse_change || what == refuses_always) {
    throw refused("Network is unreachable");
  }
  if (refuses) {
    throw core::Error(*refuses);
  }
  if (refusal) {
    throw core::Error(*std::exchange(refusal, std::nullopt));
  }
}

void FakeKernel::require_valid_hop(const core::Route& route) const {
  if (route.multipath || route.nexthop_object) {
    return;  // hops of an object are not checked
  }
  if (std::ranges::find(network.links, route.via.ifindex, &core::Link::ifindex) ==
      network.links.end()) {
    throw refused("No such device");
  }
  const bool reachable = std::ranges::any_of(network.addresses, [&](const auto& held) {
    return held.ifindex == route.via.ifindex && route.via.gateway &&
           network_of(held).contains(*route.via.gateway);
  });
  const bool on_link = std::ranges::any_of(network.routes, [&](const core::Route& other) {
    return !other.via.gateway && other.via.ifindex == route.via.ifindex && route.via.gateway &&
           other.destination.contains(*route.via.gateway);
  });
  if (route.via.gateway && !reachable && !on_link) {
    throw refused("Nexthop has invalid gateway");
  }
  const auto held = std::ranges::find_if(
      network.addresses, [&](const auto& entry) { return entry.address == route.source; });
  if (route.source && held == network.addresses.end()) {
    throw refused("Invalid prefsrc address");
  }
}

}  // namespace support
