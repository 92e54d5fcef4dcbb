// SPDX-License-Identifier: Apache-2.0
#include "storm.hpp"

#include "dice.hpp"
#include "events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nemesis {
namespace {

const std::vector<std::string> common = {"classic",      "classic",         "anchor-nic",
                                         "anchor-nic",   "dhcp-metric",     "routing-agent",
                                         "two-defaults", "two-defaults-vpc"};
const std::vector<std::string> impossible = {"no-anchor", "anchor-unconfigured", "two-anchors",
                                             "no-public"};

// What there may be besides, in any combination.
const std::vector<std::string> besides = {
    "ecmp",         "nexthop-object", "onlink-mtu",   "vpc-routes",   "noprefixroute",
    "link-default", "twice",          "vpc-api",      "vpn",          "other-anchor",
    "docker",       "kube-proxy",     "marks-calico", "marks-cilium", "routing-agent"};

// "anchor-nic+vpc-routes+marks-calico", as the lab takes it.
std::string choose_topology(Dice& dice) {
  std::string topology = dice.pick(common);
  for (int more = dice.percent(60) ? dice.between(1, 3) : 0; more > 0; --more) {
    topology += "+" + dice.pick(besides);
  }
  return topology;
}

// Mostly small fleets, where each node sees many events. At most thirty nodes.
int fleet_size(Dice& dice) {
  return dice.percent(80) ? dice.between(3, 9) : dice.between(10, 30);
}

void choose_nodes(Storm& storm, Dice& dice) {
  const int size = fleet_size(dice);
  const bool mixed = dice.percent(70);
  const std::string one = choose_topology(dice);
  for (int node = 0; node < size; ++node) {
    storm.topologies.push_back(dice.percent(4) ? dice.pick(impossible)
                               : mixed         ? choose_topology(dice)
                                               : one);
  }
}

// About as many addresses as nodes, some of them unusable.
void choose_addresses(Storm& storm, Dice& dice) {
  const int nodes = static_cast<int>(storm.topologies.size());
  const int useful = std::max(1, nodes + dice.between(-1, 3));
  const bool has_byoip = dice.percent(30);
  for (int number = 1; number <= useful; ++number) {
    if (has_byoip && dice.percent(25)) {
      storm.byoip.push_back(number);
    }
  }
  storm.addresses = useful;
  for (int more = dice.between(0, 2); more > 0; --more) {
    storm.taken.push_back(++storm.addresses);
  }
  for (int more = dice.between(0, 1); more > 0; --more) {
    storm.abroad.push_back(++storm.addresses);
  }
}

Json settings(const Storm& storm, Dice& dice) {
  Json settings = {{"action_latency_ms", dice.pick<int>({0, 0, 200, 700, 2000})},
                   {"metadata_lag_ms", dice.pick<int>({0, 0, 300, 1500, 4000})},
                   {"hold_ms", dice.pick<int>({0, 0, 0, 20, 100})},
                   {"page_max", dice.pick<int>({200, 200, 3})},
                   {"droplet_id_as_string", dice.percent(30)},
                   {"tags_null", dice.percent(30)},
                   {"reserved_ip_key", dice.percent(70)}};
  if (dice.percent(30)) {
    settings["enforce_limits"] = true;
    settings["limit_minute"] = dice.between(10, 30) * static_cast<int>(storm.topologies.size());
  }
  // Leases depend on a steady server clock. Wrong but steady clocks are a separate setting.
  if (dice.percent(30)) {
    settings["clock_offset_ms"] = dice.between(-72, 72) * 3'600'000;
  }
  return settings;
}

// Leases of unknown Nodes, which stop blocking once they expire.
void choose_leases(Storm& storm, Dice& dice) {
  for (int number = 1; uses_kubernetes(storm) && number <= storm.addresses; ++number) {
    if (dice.percent(10)) {
      storm.leases.push_back({{"address", number}, {"expired", dice.percent(60)}});
    }
  }
}

std::string numbers(const std::vector<int>& values) {
  return values.empty() ? "none" : fmt::format("{}", fmt::join(values, ", "));
}

const char* word(Keeping keeping) {
  return keeping == Keeping::lease       ? "Leases"
         : keeping == Keeping::automatic ? "Leases while they can be had"
                                         : "no Kubernetes";
}

}  // namespace

Storm make_storm(std::uint64_t seed) {
  Dice dice(seed);
  Storm storm{.seed = seed};
  storm.keeping =
      dice.pick<Keeping>({Keeping::lease, Keeping::lease, Keeping::automatic, Keeping::nothing});
  storm.gated = uses_kubernetes(storm) && dice.percent(40);
  storm.verified = dice.percent(30);
  storm.named = dice.percent(40);
  storm.timeout_seconds = dice.between(4, 8);
  choose_nodes(storm, dice);
  choose_addresses(storm, dice);
  storm.settings = settings(storm, dice);
  choose_leases(storm, dice);
  storm.events = choose_events(storm, dice);
  return storm;
}

std::string address_of(int number) {
  return fmt::format("198.51.100.{}", number);
}

std::string render(const Event& event) {
  return fmt::format("{:>6} ms  {} {} {}\n", event.at.count(), event.what, event.node,
                     event.details.is_null() ? "" : event.details.dump());
}

std::string render(const Storm& storm) {
  std::string text = fmt::format(
      "storm {}: {}, {}{}{}timeout {} s\n  nodes: {}\n  pool: 198.51.100.1-{}, not listed: {}, "
      "abroad: {}, held by others: {}\n  servers: {}\n  Leases: {}\n",
      storm.seed, word(storm.keeping), storm.gated ? "gate taint, " : "",
      storm.verified ? "verify URL, " : "", storm.named ? "API by name, " : "",
      storm.timeout_seconds, fmt::join(storm.topologies, ", "), storm.addresses,
      numbers(storm.byoip), numbers(storm.abroad), numbers(storm.taken), storm.settings.dump(),
      Json(storm.leases).dump());
  for (const Event& event : storm.events) {
    text += render(event);
  }
  return text;
}

}  // namespace nemesis
