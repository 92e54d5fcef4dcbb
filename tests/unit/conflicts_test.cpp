// SPDX-License-Identifier: Apache-2.0
#include "core/plan/conflicts.hpp"

#include "core/plan/routes.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Network;
using support::Topology;
using Lines = std::vector<std::string>;

namespace {

const core::NextHop by_public{support::public_gateway, support::eth0};
const core::NextHop by_anchor{support::anchor_gateway, support::eth0};
const core::Paths paths = {.public_path = {support::public_address, by_public},
                           .anchor_path = {support::anchor_address, by_anchor}};
constexpr std::uint8_t by_hand = 3;

std::string message_of(const std::optional<core::Ending>& ending) {
  CHECK((!ending || ending->exit == core::Exit::config));
  return ending ? ending->message : "";
}

core::Rule foreign_rule(std::uint32_t priority, std::uint32_t table,
                        std::optional<core::Prefix> source = {}) {
  return {.priority = priority, .source = source, .table = table, .protocol = by_hand};
}

}  // namespace

TEST_CASE("conflicts: route that would win over any default, is named before a switch") {
  Network network = support::booted(Topology::classic);
  std::string expected;
  SUBCASE("half of the world, to where the default leads now") {
    network.routes.push_back(
        {.destination = support::prefix("0.0.0.0/1"), .via = by_public, .protocol = by_hand});
    expected = "the route to 0.0.0.0/1 wins over it";
  }
  SUBCASE("a default for a type of service") {
    network.routes.push_back({.via = by_public, .protocol = by_hand, .tos = 0x10});
    expected = "the route to 0.0.0.0/0 tos 0x10 wins over it";
  }
  SUBCASE("not a network, another default or another table") {
    network.routes.push_back(
        {.destination = support::prefix("192.0.0.0/8"), .via = by_public, .protocol = by_hand});
    network.routes.push_back({.via = by_public, .metric = 7, .protocol = by_hand});
    network.routes.push_back({.via = by_public, .table = 900, .protocol = by_hand, .tos = 0x10});
  }
  const std::string message = message_of(core::default_overruled(network));
  CHECK(message ==
        (expected.empty() ? "" : "cannot use the default route of the main table: " + expected));
}

TEST_CASE("conflicts: route that wins over our default, may lead through the anchor") {
  Network network = support::converged(Topology::classic);
  network.routes.push_back({.via = by_anchor, .protocol = by_hand, .tos = 0x10});
  CHECK(message_of(core::default_overruled(network)).empty());
  network.routes.back().via = by_public;
  CHECK_FALSE(message_of(core::default_overruled(network)).empty());
}

TEST_CASE("conflicts: rule for every packet in front, is named before a switch") {
  Network network = support::booted(Topology::classic);
  network.routes.push_back({.via = by_public, .table = 900, .protocol = by_hand});
  network.rules.push_back(foreign_rule(900, 900));
  CHECK(message_of(core::default_overruled(network)) ==
        "cannot use the default route of the main table: rule 900 sends everything to the default "
        "route of table 900");
  core::Rule& rule = network.rules.back();
  SUBCASE("not behind the main table") {
    rule.priority = 32767;
  }
  SUBCASE("not for some sources or marks") {
    rule.source = support::prefix("10.244.0.0/16");
  }
  SUBCASE("not without a default") {
    rule.table = 901;
  }
  CHECK(message_of(core::default_overruled(network)).empty());
}

TEST_CASE("conflicts: rule that leads replies of the public address to main, is named") {
  Network network = support::booted(Topology::classic);
  CHECK(message_of(core::sources_overruled(network, paths)).empty());
  network.rules.push_back(foreign_rule(100, core::main_table));
  CHECK(message_of(core::sources_overruled(network, paths)) ==
        "cannot use rule 17301: packets of 203.0.113.10 follow rule 100 to table 254");
  SUBCASE("also for that address alone, but not for others") {
    network.rules.back().source = core::Prefix::host(support::public_address);
    CHECK_FALSE(message_of(core::sources_overruled(network, paths)).empty());
    network.rules.back().source = core::Prefix::host(support::anchor_address);
  }
  SUBCASE("not without main's default") {
    network.rules.back().suppress_prefixlength = 0;
  }
  SUBCASE("not behind ours") {
    network.rules.back().priority = 17302;
  }
  SUBCASE("not behind another program's that keeps them") {
    network.routes.push_back({.via = by_public, .table = 135, .protocol = by_hand});
    network.rules.push_back(foreign_rule(99, 135, core::Prefix::host(support::public_address)));
  }
  CHECK(message_of(core::sources_overruled(network, paths)).empty());
}

TEST_CASE("conflicts: rule that leads packets of the anchor past its gateway, is named") {
  Network network = support::converged(Topology::classic);
  network.routes.push_back({.via = by_public, .table = 100, .protocol = by_hand});
  network.rules.push_back(foreign_rule(100, 100, core::Prefix::host(support::anchor_address)));
  CHECK(message_of(core::sources_overruled(network, paths)) ==
        "cannot use rule 17305: packets of 10.17.0.5 follow rule 100 to table 100");
  network.routes.back().via = by_anchor;
  CHECK(message_of(core::sources_overruled(network, paths)).empty());
}

TEST_CASE("conflicts: default behind the main table, serves again once ours is removed") {
  Network network = support::booted(Topology::classic);
  support::remove_routes_to(network, {});
  network.routes.push_back({.via = by_public, .table = 253, .protocol = by_hand});
  network.rules.push_back(foreign_rule(32767, 253));
  const auto back = [&] {
    return support::words(core::default_by_public(network, paths.public_path, "it is lost"),
                          network);
  };
  CHECK(back().empty());
  network.routes.push_back({.via = by_anchor, .protocol = core::our_protocol});
  CHECK(back() == Lines{"remove-route default via 10.17.0.1 dev eth0"});
}

TEST_CASE("conflicts: kernel that leads replies past our rule, is believed") {
  Network network = support::converged(Topology::classic);
  network.leaves_from = {{support::public_address, core::public_table},
                         {support::anchor_address, core::main_table}};
  CHECK(message_of(core::sources_overruled(network, paths)).empty());
  network.leaves_from.front().table = core::main_table;
  CHECK(message_of(core::sources_overruled(network, paths)) ==
        "cannot use rule 17301: packets of 203.0.113.10 go past it to table 254");
  std::erase_if(network.routes,
                [](const auto& route) { return route.table == core::public_table; });
  CHECK(message_of(core::sources_overruled(network, paths)).empty());
}
