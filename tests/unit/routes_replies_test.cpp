// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <algorithm>

using core::Network;
using core::Route;
using core::Rule;
using support::Topology;
using Lines = std::vector<std::string>;

// Replies of the public address keep to the public gateway: by our rules, or by another program's.

namespace {

const core::Paths paths = {
    .public_path = {support::public_address, {support::public_gateway, support::eth0}},
    .anchor_path = {support::anchor_address, {support::anchor_gateway, support::eth0}}};

Lines kept(const Network& network) {
  return support::words(core::prepare_switch(network, paths, {}), network);
}

const Lines our_rules = {"add-rule 17300 from 203.0.113.10/32 lookup main without its default",
                         "add-rule 17301 from 203.0.113.10/32 lookup 17310"};
// No other program keeps traffic of the anchor address.
const Lines anchor_rules = {"add-rule 17298 from 10.17.0.5/32 fwmark 0x2000/0x2000 lookup 17311",
                            "add-rule 17304 from 10.17.0.5/32 lookup main without its default",
                            "add-rule 17305 from 10.17.0.5/32 lookup 17311"};

Rule& rule_at(Network& network, std::uint32_t priority) {
  return *std::ranges::find(network.rules, priority, &Rule::priority);
}

}  // namespace

TEST_CASE("routes: another program's reply rule, replaces ours") {
  Network network = support::booted(Topology::routing_agent);
  const auto rules = [&] {
    Lines lines = kept(network);
    std::erase_if(lines, [](const auto& line) { return !line.starts_with("add-rule"); });
    return lines;
  };
  CHECK(rules() == anchor_rules);
  Rule& rule = network.rules[1];
  Route& route = *support::default_route(network, 135);
  SUBCASE("unless it has other selectors") {
    rule.plain = false;
  }
  SUBCASE("unless it is for another address") {
    rule.source = core::Prefix::host(support::anchor_address);
  }
  SUBCASE("unless it is for all sources") {
    rule.source.reset();
  }
  SUBCASE("unless it is for the whole network") {
    rule.source = support::prefix("203.0.112.0/20");
  }
  SUBCASE("unless main comes first") {
    rule.priority = 32766;
  }
  SUBCASE("unless it leads to main") {
    rule.table = core::main_table;
  }
  SUBCASE("unless it is ours") {
    rule.protocol = core::our_protocol;
  }
  SUBCASE("unless its table has no default") {
    route.destination = support::prefix("10.0.0.0/8");
  }
  SUBCASE("unless its default leads elsewhere") {
    route.via.gateway = support::anchor_gateway;
  }
  SUBCASE("unless its default has several gateways") {
    route.multipath = true;
  }
  Lines all = our_rules;
  all.insert(all.end(), anchor_rules.begin(), anchor_rules.end());
  CHECK(rules() == all);
}

TEST_CASE("routes: our rule with a difference, is replaced") {
  Network network = support::converged(Topology::classic);
  std::string stale;
  SUBCASE("another priority") {
    rule_at(network, 17301).priority = 200;
    stale = "remove-rule 200 from 203.0.113.10/32 lookup 17310";
  }
  SUBCASE("another address") {
    rule_at(network, 17301).source = support::prefix("203.0.113.77");
    stale = "remove-rule 17301 from 203.0.113.77/32 lookup 17310";
  }
  CHECK(kept(network) == Lines{our_rules[1], stale});
}
