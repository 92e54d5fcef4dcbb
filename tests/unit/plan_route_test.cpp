// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/fake_kernel.hpp"
#include "support/print.hpp"

using core::Exit;
using core::Need;
using support::Topology;
using Lines = std::vector<std::string>;

// Changes of routes and rules in each topology and from each intermediate state.

namespace {

const std::string label_false =
    "label-node pool-egress-8b870 do-outbound-floating-ip- "
    "do-outbound-floating-ip-enabled=false";

const std::string anchor_default = "default via 10.17.0.1 dev eth0 src 10.17.0.5";

// Without Kubernetes, so that only routes and rules are planned.
Lines steps(core::Observation found, const core::Config& asked = support::asked()) {
  found.node = core::NoKubernetes{};
  support::resolve(found.network);
  return support::words(core::plan(found, asked).steps, found.network);
}

core::Plan plan_for(core::Observation found) {
  support::resolve(found.network);
  return core::plan(found, support::asked());
}

}  // namespace

TEST_CASE("plan: default with a metric, is replaced at that metric") {
  auto found = support::healthy(Topology::dhcp_metric);
  found.network = support::booted(Topology::dhcp_metric);
  const Lines lines = steps(found);
  CHECK(Lines(lines.end() - 3, lines.end()) ==
        Lines{"set-route default via 203.0.113.1 dev eth0 metric 100 table 17312",
              "replace-default " + anchor_default + " metric 100",
              "confirm-default " + anchor_default + " metric 100"});
}

TEST_CASE("plan: two defaults, replaces the effective one") {
  auto found = support::healthy(Topology::two_defaults);
  found.network = support::booted(Topology::two_defaults);
  const Lines lines = steps(found);
  CHECK(Lines(lines.end() - 2, lines.end()) ==
        Lines{"replace-default " + anchor_default + " metric 100",
              "confirm-default " + anchor_default + " metric 100"});
}

TEST_CASE("plan: default in front of ours, is replaced, and the other restored") {
  auto found = support::healthy(Topology::dhcp_metric);
  found.network.routes.push_back({.via = {support::public_gateway, support::eth0}, .protocol = 4});
  CHECK(steps(found) == Lines{"set-route default via 203.0.113.1 dev eth0 table 17312",
                              "replace-default default via 203.0.113.1 dev eth0 metric 100",
                              "replace-default " + anchor_default,
                              "confirm-default " + anchor_default});
}

TEST_CASE("plan: default with a wrong source, gateway or hops, is repaired") {
  auto found = support::healthy();
  core::Route& route = *support::default_route(found.network);
  SUBCASE("source absent") {
    route.source.reset();
  }
  SUBCASE("another source") {
    route.source = support::public_address;
  }
  SUBCASE("another gateway") {
    route.via.gateway = support::public_gateway;
  }
  SUBCASE("another device") {
    route.via.ifindex = support::eth1;
  }
  SUBCASE("several gateways") {
    route.via = {};
    route.multipath = true;
  }
  CHECK(steps(found).empty());
  CHECK(plan_for(found).needs == std::vector{Need::path});
  found.path_proven = true;
  CHECK(steps(found) ==
        Lines{"replace-default " + anchor_default, "confirm-default " + anchor_default});
}

TEST_CASE("plan: wrong default, the reason describes it") {
  auto found = support::healthy();
  found.node = core::NoKubernetes{};
  found.path_proven = true;
  std::string expected;
  SUBCASE("none") {
    support::remove_routes_to(found.network, {});
    support::resolve(found.network);
    expected = "there is no default route, wanted 10.17.0.1 dev eth0 src 10.17.0.5";
  }
  SUBCASE("several gateways") {
    support::default_route(found.network)->multipath = true;
    expected = "the default route has several gateways, wanted 10.17.0.1 dev eth0 src 10.17.0.5";
  }
  CHECK(plan_for(found).steps.at(0).reason == expected);
}

TEST_CASE("plan: correct default of another program, becomes ours after a proof") {
  auto found = support::healthy();
  support::default_route(found.network)->protocol = 3;
  CHECK(steps(found).empty());
  CHECK(plan_for(found).needs == std::vector{Need::path});
  found.path_proven = true;
  CHECK(steps(found) ==
        Lines{"replace-default " + anchor_default, "confirm-default " + anchor_default});
}

TEST_CASE("plan: routing agent's rule, is used in place of ours") {
  auto found = support::healthy(Topology::routing_agent);
  found.network = support::booted(Topology::routing_agent);
  CHECK(steps(found) ==
        Lines{"set-route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10",
              "set-route default via 203.0.113.1 dev eth0 src 203.0.113.10 table 17310",
              "set-route " + anchor_default + " table 17311",
              "add-rule 17298 from 10.17.0.5/32 fwmark 0x2000/0x2000 lookup 17311",
              "add-rule 17304 from 10.17.0.5/32 lookup main without its default",
              "add-rule 17305 from 10.17.0.5/32 lookup 17311",
              "set-route default via 203.0.113.1 dev eth0 table 17312",
              "replace-default " + anchor_default, "confirm-default " + anchor_default});
}

TEST_CASE("plan: routing agent appears, only our rules are removed") {
  auto found = support::healthy(Topology::routing_agent);
  const auto ours = support::converged(Topology::classic).rules;
  for (const core::Rule& rule : ours) {
    if (rule.priority == 17300 || rule.priority == 17301) {
      found.network.rules.insert(found.network.rules.end() - 2, rule);
    }
  }
  CHECK(steps(found) ==
        Lines{"remove-rule 17301 from 203.0.113.10/32 lookup 17310",
              "remove-rule 17300 from 203.0.113.10/32 lookup main without its default"});
}

TEST_CASE("plan: unknown paths, no switch, label false") {
  auto found = support::newcomer();
  SUBCASE("no public interface") {
    found.droplet->public_interface.reset();
  }
  SUBCASE("no anchor") {
    found.droplet->anchor.reset();
  }
  SUBCASE("the anchor address is not configured") {
    std::erase_if(found.network.addresses,
                  [](const auto& held) { return held.address == support::anchor_address; });
  }
  SUBCASE("the anchor address is on two devices") {
    found.network.addresses.push_back({support::anchor_address, 16, support::eth1});
    found.network.routes.push_back({.destination = support::prefix("10.17.0.0/16"),
                                    .via = {.ifindex = support::eth1},
                                    .protocol = 2,
                                    .scope = 253});
  }
  const auto plan = plan_for(found);
  CHECK(support::words(plan.steps, found.network) == Lines{label_false});
  CHECK(plan.ending.exit == Exit::config);
  CHECK_FALSE(plan.ending.hint.empty());
}

TEST_CASE("plan: overridden default, no switch, label false") {
  auto found = support::healthy();
  found.network.routes.push_back({.destination = support::prefix("0.0.0.0/1"),
                                  .via = {.ifindex = support::eth1},
                                  .protocol = 3});
  const auto plan = plan_for(found);
  CHECK(support::words(plan.steps, found.network) == Lines{label_false});
  CHECK(plan.ending.exit == Exit::config);
}

// A default of ours would not win either, and an undo could not know that there was none.
TEST_CASE("plan: no default, and traffic leaves all the same, is switched only past a later rule") {
  auto found = support::healthy();
  found.network = support::booted(Topology::classic);
  const core::NextHop hop{support::public_gateway, support::eth0};
  support::remove_routes_to(found.network, {});
  bool is_switched = false;
  SUBCASE("by halves") {
    for (const char* half : {"0.0.0.0/1", "128.0.0.0/1"}) {
      found.network.routes.push_back(
          {.destination = support::prefix(half), .via = hop, .protocol = 3});
    }
  }
  SUBCASE("by a rule in front") {
    found.network.routes.push_back({.via = hop, .table = 52, .protocol = 3});
    found.network.rules.insert(found.network.rules.begin() + 1,
                               {.priority = 5270, .table = 52, .protocol = 3});
  }
  SUBCASE("by the kernel's rule behind the main table") {
    found.network.routes.push_back({.via = hop, .table = 253, .protocol = 3});
    is_switched = true;
  }
  support::resolve(found.network);
  CHECK(found.network.leaves_by.at(0).hop == hop);
  const auto plan = plan_for(found);
  CHECK((plan.ending.exit == Exit::ok) == is_switched);
  CHECK((support::words(plan.steps, found.network) == Lines{label_false}) == !is_switched);
  CHECK((plan.ending.message.find("there is no default route") == std::string::npos) ==
        is_switched);
}

TEST_CASE("plan: --direct, stays on the public address") {
  auto found = support::healthy();
  auto asked = support::asked();
  asked.direct = {support::prefix("192.0.2.0/24"), support::prefix("198.18.0.1")};
  CHECK(steps(found, asked) ==
        Lines{"set-route 192.0.2.0/24 via 203.0.113.1 dev eth0 src 203.0.113.10",
              "set-route 198.18.0.1/32 via 203.0.113.1 dev eth0 src 203.0.113.10"});
}

TEST_CASE("plan: dead anchor before the droplet is known, restores the route to metadata") {
  core::Observation found{.network = support::converged(Topology::classic)};
  support::remove_routes_to(found.network, support::prefix("169.254.169.254"));
  const auto plan = plan_for(found);
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"set-route 169.254.169.254/32 via 203.0.113.1 dev eth0"});
  CHECK(plan.needs == std::vector{Need::droplet});
}

TEST_CASE("plan: unconfirmed default with something in front, undone before metadata answers") {
  core::Observation found{.network = support::converged(Topology::classic),
                          .node = core::NoKubernetes{}};
  support::default_route(found.network)->protocol = core::unconfirmed_protocol;
  found.network.leaves_by[0].hop = {{}, support::eth1};
  const auto plan = core::plan(found, support::asked());
  REQUIRE(plan.undo);
  CHECK(support::words(plan.steps, found.network).front() ==
        "replace-default default via 203.0.113.1 dev eth0");
  CHECK(plan.ending.exit == Exit::config);
}

TEST_CASE("plan: foreign route in a table of ours, a working egress keeps its label") {
  auto found = support::healthy();
  found.network.routes.push_back({.destination = support::prefix("10.99.0.0/16"),
                                  .via = {support::private_gateway, support::eth1},
                                  .table = core::public_table,
                                  .protocol = 3});
  CHECK(plan_for(found).ending.exit == Exit::config);
  CHECK(plan_for(found).steps.empty());
  support::default_route(found.network)->via = {support::public_gateway, support::eth0};
  support::default_route(found.network)->protocol = 4;
  CHECK(support::words(plan_for(found).steps, found.network) == Lines{label_false});
}
