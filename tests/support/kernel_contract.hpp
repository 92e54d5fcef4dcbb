// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/plan/plan.hpp"
#include "io/kernel.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <algorithm>
#include <functional>

// The contract of io::Kernel. It runs on the fake kernel in the unit tests and on the real kernel
// in the integration tests, so a fake that behaves otherwise fails.
//
// `World` is a droplet of topology `classic` after boot, in its own network; kernel() is its
// kernel.
namespace support {

inline core::Route contract_route() {
  return {.destination = prefix("192.0.2.0/24"),
          .via = {public_gateway, eth0},
          .source = public_address,
          .metric = 50};
}

inline core::Rule contract_rule() {
  return {
      .priority = 17301, .source = core::Prefix::host(public_address), .table = core::public_table};
}

inline core::Rule contract_marked_rule() {
  return {.priority = 17303, .mark = core::our_mark, .table = core::public_table};
}

inline bool has(const core::Network& network, const core::Route& route) {
  return std::ranges::find(network.routes, route) != network.routes.end();
}

inline core::Exit refusal(const std::function<void()>& change) {
  const auto failure = core::catch_error_except_signals(change);
  return failure ? failure->exit() : core::Exit::ok;
}

TEST_CASE_TEMPLATE_DEFINE("kernel: links, addresses, rules and routes, are read", World,
                          contract_shows) {
  World world;
  const core::Network network = world.kernel().read();
  const core::Network expected = booted(Topology::classic);
  for (const core::Link& link : expected.links) {
    const auto shown = std::ranges::find(network.links, link.ifindex, &core::Link::ifindex);
    REQUIRE(shown != network.links.end());
    CHECK(shown->name == link.name);
    CHECK(shown->mac.size() == link.mac.size());
  }
  CHECK(network.addresses == expected.addresses);
  CHECK(network.rules == expected.rules);
  CHECK(network.leaves_by == expected.leaves_by);
  CHECK(network.routes.size() == expected.routes.size());
  for (const core::Route& route : expected.routes) {
    CAPTURE(to_text(route));
    CHECK(has(network, route));
  }
  CHECK(world.kernel().read() == network);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: route that was set, is read in every field", World,
                          contract_set) {
  World world;
  core::Route route = contract_route();
  for (const std::uint32_t table : {core::main_table, core::public_table}) {
    route.table = table;
    world.kernel().set_route(route);
    CHECK(has(world.kernel().read(), route));
  }
  const core::Route plain{
      .via = {public_gateway, eth0}, .table = core::public_table, .protocol = 16};
  world.kernel().set_route(plain);
  CHECK(has(world.kernel().read(), plain));
  const core::Route on_link{.destination = prefix("198.18.0.1"), .via = {{}, eth1}, .scope = 253};
  world.kernel().set_route(on_link);
  CHECK(has(world.kernel().read(), on_link));
}

TEST_CASE_TEMPLATE_DEFINE("kernel: other tables, only their defaults are read", World,
                          contract_tables) {
  World world;
  core::Route route = contract_route();
  route.table = 135;
  world.kernel().set_route(route);
  CHECK_FALSE(has(world.kernel().read(), route));
  route = {.via = {public_gateway, eth0}, .table = 135};
  world.kernel().set_route(route);
  CHECK(has(world.kernel().read(), route));
}

TEST_CASE_TEMPLATE_DEFINE("kernel: route that is set again, replaces only the one in its place",
                          World, contract_replace) {
  World world;
  const core::Route before = *default_route(world.network());
  const core::Route after{.via = {anchor_gateway, eth0}, .source = anchor_address};
  const std::size_t count = world.kernel().read().routes.size();
  world.kernel().set_route(after);
  CHECK(world.kernel().read().routes.size() == count);
  CHECK(has(world.kernel().read(), after));
  CHECK_FALSE(has(world.kernel().read(), before));
  world.kernel().set_route(after);
  CHECK(world.kernel().read().routes.size() == count);
  core::Route beside = before;
  beside.metric = 100;
  world.kernel().set_route(beside);
  CHECK(has(world.kernel().read(), after));
  CHECK(has(world.kernel().read(), beside));
}

TEST_CASE_TEMPLATE_DEFINE("kernel: route that was removed, is gone; a missing one is refused",
                          World, contract_remove) {
  World world;
  const core::Network before = world.kernel().read();
  world.kernel().set_route(contract_route());
  world.kernel().remove_route(contract_route());
  CHECK(world.kernel().read() == before);
  CHECK(refusal([&] { world.kernel().remove_route(contract_route()); }) == core::Exit::os_error);
  core::Route elsewhere = *default_route(world.network());
  elsewhere.table = core::public_table;
  CHECK(refusal([&] { world.kernel().remove_route(elsewhere); }) == core::Exit::os_error);
  CHECK(world.kernel().read() == before);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: impossible hop, is refused", World, contract_hop) {
  World world;
  const core::Network before = world.kernel().read();
  const auto refused = [&](const std::function<void(core::Route&)>& spoil) {
    core::Route route = contract_route();
    spoil(route);
    return refusal([&] { world.kernel().set_route(route); }) == core::Exit::os_error;
  };
  CHECK(refused([](core::Route& route) { route.via.gateway = ip("192.0.2.1"); }));
  CHECK(refused([](core::Route& route) { route.via.gateway = private_gateway; }));
  CHECK(refused([](core::Route& route) { route.via.ifindex = 99; }));
  CHECK(refused([](core::Route& route) { route.source = ip("192.0.2.77"); }));
  CHECK(world.kernel().read() == before);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: rule that was added, is read in every field at its place", World,
                          contract_rule_added) {
  World world;
  const core::Rule second = contract_rule();
  core::Rule first = contract_rule();
  first.priority = 17300;
  first.table = core::main_table;
  first.suppress_prefixlength = 0;
  world.kernel().add_rule(second);
  world.kernel().add_rule(first);
  const auto rules = world.kernel().read().rules;
  REQUIRE(rules.size() == 5);
  CHECK(rules[1] == first);
  CHECK(rules[2] == second);
  CHECK(refusal([&] { world.kernel().add_rule(second); }) == core::Exit::os_error);
  world.kernel().add_rule(contract_marked_rule());
  CHECK(world.kernel().read().rules[3] == contract_marked_rule());
  CHECK(refusal([&] { world.kernel().add_rule(contract_marked_rule()); }) == core::Exit::os_error);
  world.kernel().remove_rule(contract_marked_rule());
  CHECK(world.kernel().read().rules == rules);
  core::Rule elsewhere = second;
  elsewhere.priority = 200;
  world.kernel().add_rule(elsewhere);
  CHECK(world.kernel().read().rules.size() == 6);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: rule that was removed, is gone; a missing one is refused", World,
                          contract_rule_removed) {
  World world;
  const core::Network before = world.kernel().read();
  core::Rule other = contract_rule();
  other.priority = 200;
  world.kernel().add_rule(contract_rule());
  world.kernel().add_rule(other);
  world.kernel().remove_rule(contract_rule());
  CHECK(refusal([&] { world.kernel().remove_rule(contract_rule()); }) == core::Exit::os_error);
  world.kernel().remove_rule(other);
  CHECK(world.kernel().read() == before);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: default, VPN halves or rules, the resolved hop follows them",
                          World, contract_leaves) {
  World world;
  using Hops = std::vector<core::NextHop>;
  const core::NextHop by_default{public_gateway, eth0};
  const core::NextHop by_anchor{anchor_gateway, eth0};
  const core::NextHop by_private{private_gateway, eth1};
  const auto leaves_by = [&] {  // in the first and the last quarter of the address space
    const auto resolutions = world.kernel().read().leaves_by;
    return Hops{resolutions.front().hop, resolutions.back().hop};
  };
  CHECK(leaves_by() == Hops{by_default, by_default});
  const core::Route half{.destination = prefix("0.0.0.0/1"), .via = by_private, .protocol = 4};
  world.kernel().set_route(half);
  CHECK(leaves_by() == Hops{by_private, by_default});
  world.kernel().remove_route(half);
  world.kernel().set_route({.via = by_anchor, .table = 135});
  world.kernel().add_rule(
      {.priority = 15135, .source = core::Prefix::host(public_address), .table = 135});
  CHECK(leaves_by() == Hops{by_default, by_default});
  const core::Rule everybody{.priority = 100, .table = 135};
  world.kernel().add_rule(everybody);
  CHECK(leaves_by() == Hops{by_anchor, by_anchor});
  world.kernel().remove_rule(everybody);
  core::Route in_force = *default_route(world.network());
  world.kernel().remove_route(in_force);
  CHECK(leaves_by() == Hops{{}, {}});
}

TEST_CASE_TEMPLATE_DEFINE("kernel: marking, is for one address and gone when removed", World,
                          contract_marking) {
  World world;
  using core::Marking;
  const core::Network before = world.kernel().read();
  REQUIRE(before.marking == Marking{});
  for (const core::Ipv4 address : {public_address, anchor_address, anchor_address}) {
    world.kernel().set_marking(address);
    CHECK(world.kernel().read().marking == Marking{Marking::State::set, address});
  }
  world.kernel().remove_marking();
  CHECK(world.kernel().read() == before);
  CHECK(refusal([&] { world.kernel().remove_marking(); }) == core::Exit::os_error);
  world.kernel().set_marking(public_address);
  CHECK(world.kernel().read().marking.address == public_address);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: thousands of destinations are closed, opened and removed", World,
                          contract_destinations) {
  World world;
  core::RouteGroup closed{{.table = core::destination_table, .type = core::unreachable_type}, {}};
  for (int i = 0; i < 3000; ++i) {
    const auto octet = static_cast<std::uint8_t>(i % 250);
    closed.destinations.push_back({{{100, static_cast<std::uint8_t>(64 + i / 250), octet, 0}}, 24});
  }
  closed.destinations.push_back(prefix("198.18.0.0/15"));
  closed.destinations.push_back(prefix("198.18.0.0/16"));
  const core::Network before = world.kernel().read();
  world.kernel().set_destinations(closed);
  CHECK(world.kernel().read().destinations == std::vector{closed});
  CHECK(world.kernel().read().routes == before.routes);
  core::RouteGroup open = closed;
  open.like = {.via = {anchor_gateway, eth0},
               .source = anchor_address,
               .table = core::destination_table,
               .protocol = core::unconfirmed_protocol};
  open.destinations.erase(open.destinations.begin() + 7);
  world.kernel().set_destinations(open);
  const auto shown = world.kernel().read().destinations;
  CHECK(shown.size() == 2);
  CHECK(std::ranges::find(shown, open) != shown.end());
  world.kernel().add_rule(
      {.priority = core::destination_priority, .table = core::destination_table});
  const auto samples = world.kernel().read().samples;
  REQUIRE_FALSE(samples.empty());
  for (const core::Resolution& sample : samples) {
    CHECK(sample.hop == core::longest_match(shown, sample.destination)->like.via);
  }
  world.kernel().remove_destinations(open);
  CHECK(world.kernel().read().destinations.size() == 1);
  CHECK(refusal([&] { world.kernel().remove_destinations(open); }) == core::Exit::os_error);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: the translation of pods, beside the marking", World,
                          contract_pod_snat) {
  World world;
  io::Kernel& kernel = world.kernel();
  const core::Network before = kernel.read();
  core::PodSnat snat{.cure = core::Cure::stack,
                     .pods = prefix("10.244.1.0/24"),
                     .anchor = anchor_address,
                     .gateway = anchor_gateway,
                     .native_network = prefix("10.128.0.0/9")};
  kernel.set_pod_snat(snat);
  CHECK(kernel.read().pod_snat == snat);
  CHECK(kernel.read().marking == core::Marking{});
  kernel.set_marking(public_address);
  CHECK(kernel.read().pod_snat == snat);
  CHECK(kernel.read().marking.address == public_address);
  snat.cure = core::Cure::snat;
  snat.native_network.reset();
  kernel.set_pod_snat(snat);
  CHECK(kernel.read().pod_snat == snat);
  kernel.remove_marking();
  CHECK(kernel.read().pod_snat == snat);
  kernel.remove_pod_snat();
  CHECK(kernel.read() == before);
  CHECK(refusal([&] { kernel.remove_pod_snat(); }) == core::Exit::os_error);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: the rules and the route that lead pods to the stack", World,
                          contract_pod_rules) {
  World world;
  io::Kernel& kernel = world.kernel();
  const core::Network before = kernel.read();
  const core::Route route{
      .via = {.ifindex = 1}, .metric = 3, .table = core::pods_table, .scope = 254, .type = 2};
  const core::Prefix pods = prefix("10.244.1.0/24");
  const std::vector<core::Rule> rules = {
      {.priority = 17296,
       .source = pods,
       .in_device = "cilium_host",
       .table = core::destination_table,
       .plain = false},
      {.priority = 17297,
       .source = pods,
       .mark = core::Mark{0, 0xf00},
       .table = core::pods_table,
       .suppress_prefixlength = 0},
      {.priority = 17306, .source = pods, .in_device = "cilium_host", .plain = false},
      {.priority = 17307, .source = pods, .suppress_prefixlength = 0},
      {.priority = 17308, .source = pods, .mark = core::Mark{0, 0xf00}, .table = core::pods_table}};
  const core::RouteGroup local{
      {.via = {.ifindex = 1}, .table = core::pods_table, .scope = 254, .type = core::local_type},
      {prefix("192.0.2.0/24"), prefix("198.18.0.9/32")}};
  const core::RouteGroup except{{.table = core::pods_table, .type = core::throw_type},
                                {prefix("192.0.2.7/32")}};
  kernel.set_route(route);
  kernel.set_destinations(local);
  kernel.set_destinations(except);
  for (const core::Rule& rule : rules) {
    kernel.add_rule(rule);
  }
  const core::Network now = kernel.read();
  CHECK(std::ranges::find(now.routes, route) != now.routes.end());
  CHECK(now.pod_destinations.size() == 2);
  CHECK(std::ranges::find(now.pod_destinations, local) != now.pod_destinations.end());
  CHECK(std::ranges::find(now.pod_destinations, except) != now.pod_destinations.end());
  CHECK(now.destinations.empty());
  kernel.remove_destinations(local);
  kernel.remove_destinations(except);
  for (const core::Rule& rule : rules) {
    CHECK(std::ranges::find(now.rules, rule) != now.rules.end());
    kernel.remove_rule(rule);
  }
  kernel.remove_route(route);
  CHECK(kernel.read() == before);
}

TEST_CASE_TEMPLATE_DEFINE("kernel: steps of a plan, change the network as planned", World,
                          contract_plan) {
  World world;
  core::Observation found = healthy();
  found.network = forwarding(world.kernel().read());
  for (const core::Step& step : core::plan(found, asked()).steps) {
    if (const auto* set = std::get_if<core::SetRoute>(&step.action)) {
      world.kernel().set_route(set->route);
    } else if (const auto* replace = std::get_if<core::ReplaceDefault>(&step.action)) {
      world.kernel().set_route(replace->route);
    } else if (const auto* add = std::get_if<core::AddRule>(&step.action)) {
      world.kernel().add_rule(add->rule);
    } else if (const auto* mark = std::get_if<core::SetMarking>(&step.action)) {
      world.kernel().set_marking(mark->address);
    }
  }
  found.network = forwarding(world.kernel().read());
  CHECK(found.network.rules.size() == 10);
  CHECK(core::plan(found, asked()).steps.empty());
  CHECK(found.network.leaves_by == converged(Topology::classic).leaves_by);
  REQUIRE(found.network.leaves_from.size() == 1);
  CHECK(found.network.leaves_from == converged(Topology::classic).leaves_from);
}

}  // namespace support

#define TEST_KERNEL_CONTRACT(World)                        \
  TEST_CASE_TEMPLATE_INVOKE(contract_shows, World);        \
  TEST_CASE_TEMPLATE_INVOKE(contract_set, World);          \
  TEST_CASE_TEMPLATE_INVOKE(contract_tables, World);       \
  TEST_CASE_TEMPLATE_INVOKE(contract_replace, World);      \
  TEST_CASE_TEMPLATE_INVOKE(contract_remove, World);       \
  TEST_CASE_TEMPLATE_INVOKE(contract_hop, World);          \
  TEST_CASE_TEMPLATE_INVOKE(contract_rule_added, World);   \
  TEST_CASE_TEMPLATE_INVOKE(contract_rule_removed, World); \
  TEST_CASE_TEMPLATE_INVOKE(contract_leaves, World);       \
  TEST_CASE_TEMPLATE_INVOKE(contract_marking, World);      \
  TEST_CASE_TEMPLATE_INVOKE(contract_destinations, World); \
  TEST_CASE_TEMPLATE_INVOKE(contract_pod_snat, World);     \
  TEST_CASE_TEMPLATE_INVOKE(contract_pod_rules, World);    \
  TEST_CASE_TEMPLATE_INVOKE(contract_plan, World)
