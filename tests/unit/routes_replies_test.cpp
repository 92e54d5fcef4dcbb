// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Network;
using core::Route;
using core::Rule;
using support::Topology;
using Lines = std::vector<std::string>;

// Replies of the public address keep to the public gateway: by our rules, or by somebody else's.

namespace {

const core::Paths paths = {
    .public_path = {support::public_address, {support::public_gateway, support::eth0}},
    .anchor_path = {support::anchor_address, {support::anchor_gateway, support::eth0}}};

Lines kept(const Network& network) {
  return support::words(core::prepare_switch(network, paths, {}), network);
}

const Lines our_rules = {"add-rule 17300 from 203.0.113.10/32 lookup main without its default",
                         "add-rule 17301 from 203.0.113.10/32 lookup 17310"};

}  // namespace

TEST_CASE("routes: replies kept by somebody else's rule need none of ours") {
  Network network = support::booted(Topology::routing_agent);
  const auto rules = [&] {
    Lines lines = kept(network);
    std::erase_if(lines, [](const auto& line) { return !line.starts_with("add-rule"); });
    return lines;
  };
  CHECK(rules().empty());
  Rule& rule = network.rules[1];
  Route& route = *support::default_route(network, 135);
  SUBCASE("unless it selects by more than the source") {
    rule.plain = false;
  }
  SUBCASE("unless it is for another address") {
    rule.source = core::Prefix::host(support::anchor_address);
  }
  SUBCASE("unless it is for everybody") {
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
  CHECK(rules() == our_rules);
}

TEST_CASE("routes: rules of ours that are not exactly as wanted are replaced") {
  Network network = support::converged(Topology::classic);
  std::string stale;
  SUBCASE("another priority") {
    network.rules[2].priority = 200;
    stale = "remove-rule 200 from 203.0.113.10/32 lookup 17310";
  }
  SUBCASE("another address") {
    network.rules[2].source = support::prefix("203.0.113.77");
    stale = "remove-rule 17301 from 203.0.113.77/32 lookup 17310";
  }
  CHECK(kept(network) == Lines{our_rules[1], stale});
}
