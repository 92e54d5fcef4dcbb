// SPDX-License-Identifier: Apache-2.0
#include "support/builders.hpp"

#include "app/report/report.hpp"
#include "support/fake_kernel.hpp"

#include <algorithm>

namespace support {
namespace {

constexpr std::uint8_t from_kernel = 2;  // RTPROT_KERNEL
constexpr std::uint8_t from_static = 4;  // RTPROT_STATIC
constexpr std::uint8_t from_dhcp = 16;   // RTPROT_DHCP
constexpr std::uint8_t link_scope = 253;

core::Route connected(std::string_view destination, std::string_view source,
                      std::uint32_t ifindex) {
  return {.destination = prefix(destination),
          .via = {.ifindex = ifindex},
          .source = ip(source),
          .protocol = from_kernel,
          .scope = link_scope};
}

core::Route public_default(Topology topology) {
  const bool dhcp = topology == Topology::dhcp_metric || topology == Topology::two_defaults;
  return {.via = {public_gateway, eth0},
          .metric = dhcp ? 100U : 0U,
          .protocol = dhcp ? from_dhcp : from_static};
}

std::uint32_t anchor_device(Topology topology) {
  return topology == Topology::anchor_nic ? ens7 : eth0;
}

void add_routing_agent(core::Network& network) {
  network.routes.push_back({.via = {public_gateway, eth0}, .table = 135, .protocol = from_static});
  network.rules.insert(network.rules.begin() + 1, {.priority = 15135,
                                                   .source = core::Prefix::host(public_address),
                                                   .table = 135,
                                                   .protocol = 3});
}

// Inserts each rule by its priority.
void add_rules(core::Network& network, const std::vector<core::Rule>& rules) {
  for (const core::Rule& rule : rules) {
    network.rules.insert(
        std::ranges::upper_bound(network.rules, rule.priority, {}, &core::Rule::priority), rule);
  }
}

}  // namespace

core::Ipv4 ip(std::string_view text) {
  return core::Ipv4::parse(text).value();
}

core::Prefix prefix(std::string_view text) {
  return core::Prefix::parse(text).value();
}

std::string_view name_of(Topology topology) {
  constexpr std::array<std::string_view, 5> names = {"classic", "anchor-nic", "dhcp-metric",
                                                     "two-defaults", "routing-agent"};
  return names.at(static_cast<std::size_t>(topology));
}

core::Network booted(Topology topology) {
  const std::uint32_t anchor = anchor_device(topology);
  core::Network network{
      .links = {{1, "lo", "00:00:00:00:00:00"},
                {eth0, "eth0", "04:01:2a:0f:2a:01"},
                {eth1, "eth1", "04:01:2a:0f:2a:02"}},
      .addresses = {{ip("127.0.0.1"), 8, 1, 254},
                    {public_address, 20, eth0},
                    {anchor_address, 16, anchor},
                    {ip("10.132.0.2"), 16, eth1}},
      .routes = {public_default(topology), connected("203.0.112.0/20", "203.0.113.10", eth0),
                 connected("10.17.0.0/16", "10.17.0.5", anchor),
                 connected("10.132.0.0/16", "10.132.0.2", eth1)},
      .rules = {{.priority = 0, .table = 255, .protocol = from_kernel},
                {.priority = core::main_rule_priority, .protocol = from_kernel},
                {.priority = 32767, .table = 253, .protocol = from_kernel}}};
  network.links[0].loopback = true;
  if (topology == Topology::anchor_nic) {
    network.links.push_back({ens7, "ens7np0", "04:01:2a:0f:2a:03"});
  }
  if (topology == Topology::two_defaults) {
    network.routes.push_back(
        {.via = {private_gateway, eth1}, .metric = 200, .protocol = from_dhcp});
  }
  if (topology == Topology::routing_agent) {
    add_routing_agent(network);
  }
  resolve(network);
  return network;
}

core::Network converged(Topology topology) {
  core::Network network = booted(topology);
  const core::NextHop anchor_hop{anchor_gateway, anchor_device(topology)};
  core::Route* in_force = default_route(network);
  core::Route replaced = *in_force;
  replaced.table = core::memory_table;
  *in_force = {.via = anchor_hop, .source = anchor_address, .metric = in_force->metric};
  const core::NextHop public_hop{public_gateway, eth0};
  network.routes.insert(
      network.routes.end(),
      {{.destination = prefix("169.254.169.254"), .via = public_hop, .source = public_address},
       {.via = public_hop, .source = public_address, .table = core::public_table},
       {.via = anchor_hop, .source = anchor_address, .table = core::anchor_table},
       replaced});
  const auto anchor = core::Prefix::host(anchor_address);
  network.rules.insert(
      network.rules.end() - 2,
      {{.priority = 17298, .source = anchor, .mark = core::proof_mark, .table = core::anchor_table},
       {.priority = 17304, .source = anchor, .suppress_prefixlength = 0},
       {.priority = 17305, .source = anchor, .table = core::anchor_table}});
  if (topology != Topology::routing_agent) {
    const auto source = core::Prefix::host(public_address);
    add_rules(network, {{.priority = 17300, .source = source, .suppress_prefixlength = 0},
                        {.priority = 17301, .source = source, .table = core::public_table}});
  }
  resolve(network);
  return network;
}

core::Network forwarding(core::Network network) {
  for (core::Link& link : network.links) {
    link.forwards = true;
  }
  return network;
}

core::Network marked(core::Network network) {
  network = forwarding(std::move(network));
  network.marking = {core::Marking::State::set, public_address};
  add_rules(network, {{.priority = 17302, .mark = core::our_mark, .suppress_prefixlength = 0},
                      {.priority = 17303, .mark = core::our_mark, .table = core::public_table}});
  return network;
}

core::Config asked() {
  return {.node_name = "pool-egress-8b870",
          .pool = {third_choice, first_choice, second_choice},
          .lock = core::Lock::none};  // tests of Leases set it themselves
}

core::Droplet droplet(std::optional<core::Ipv4> floating_ip) {
  return {.id = our_droplet,
          .region = "nyc3",
          .public_interface = core::Interface{public_address, public_gateway, "04:01:2a:0f:2a:01"},
          .anchor = core::Interface{anchor_address, anchor_gateway, ""},
          .floating_ip = floating_ip};
}

core::Node labelled(core::Ipv4 address) {
  return {.labels = {{"kubernetes.io/hostname", "pool-egress-8b870"},
                     {"do-outbound-floating-ip-enabled", "true"},
                     {"do-outbound-floating-ip", address.to_string()}}};
}

core::FloatingIp free_address(core::Ipv4 address) {
  return {.address = address, .region = "nyc3"};
}

core::FloatingIp held_by(core::Ipv4 address, core::DropletId droplet) {
  return {.address = address, .region = "nyc3", .holder = droplet};
}

core::Account all_free() {
  return {
      .pool = {free_address(third_choice), free_address(first_choice), free_address(second_choice)},
      .shows_droplets = true};
}

core::Observation healthy(Topology topology) {
  return {.network = converged(topology),
          .droplet = droplet(first_choice),
          .node = labelled(first_choice),
          .pods = core::PodFacts{},
          .rights = std::vector<core::Right>{}};
}

core::Observation newcomer(Topology topology) {
  return {.network = booted(topology),
          .droplet = droplet(std::nullopt),
          .node = core::Node{.labels = {{"kubernetes.io/hostname", "pool-egress-8b870"}}},
          .account = all_free(),
          .pods = core::PodFacts{},
          .rights = std::vector<core::Right>{}};
}

core::Route* default_route(core::Network& network, std::uint32_t table) {
  core::Route* best = nullptr;
  for (core::Route& route : network.routes) {
    if (route.table == table && route.destination == core::Prefix{} &&
        (best == nullptr || route.metric < best->metric)) {
      best = &route;
    }
  }
  return best;
}

core::Route* route_to(core::Network& network, const core::Prefix& destination) {
  const auto found = std::ranges::find(network.routes, destination, &core::Route::destination);
  return found == network.routes.end() ? nullptr : &*found;
}

void remove_routes_to(core::Network& network, const core::Prefix& destination,
                      std::uint32_t table) {
  std::erase_if(network.routes, [&](const core::Route& route) {
    return route.destination == destination && route.table == table;
  });
}

void resolve(core::Network& network) {
  network.leaves_by = FakeKernel::resolved(network);
  network.leaves_from = FakeKernel::resolved_sources(network);
}

std::vector<std::string> words(const std::vector<core::Step>& steps, const core::Network& network) {
  std::vector<std::string> result;
  for (const core::Step& step : steps) {
    result.push_back(app::render_action(step.action, network));
  }
  return result;
}

}  // namespace support
