// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"

#include "core/plan/conflicts.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Network;
using core::Route;
using core::Rule;
using support::Topology;
using Lines = std::vector<std::string>;

namespace {

const core::Paths paths = {
    .public_path = {support::public_address, {support::public_gateway, support::eth0}},
    .anchor_path = {support::anchor_address, {support::anchor_gateway, support::eth0}}};

Lines kept(const Network& network, const std::vector<core::Prefix>& direct = {}) {
  return support::words(core::prepare_switch(network, paths, direct), network);
}

Lines back(const Network& network) {
  return support::words(core::default_by_public(network, paths.public_path, "it is lost"), network);
}

}  // namespace

TEST_CASE("routes: effective default, is the one of main with the lowest metric") {
  Network network = support::booted(Topology::two_defaults);
  CHECK(core::default_in_force(network)->via.gateway == support::public_gateway);
  network.routes.front().metric = 300;
  CHECK(core::default_in_force(network)->via.gateway == support::private_gateway);
}

TEST_CASE("routes: other tables, types of service or half the world, are not the default") {
  Network network;
  CHECK_FALSE(core::default_in_force(network).has_value());
  network.routes = {{.via = {support::public_gateway, support::eth0}, .table = 135},
                    {.via = {support::public_gateway, support::eth0}, .tos = 4},
                    {.destination = support::prefix("0.0.0.0/1"), .via = {{}, support::eth1}}};
  CHECK_FALSE(core::default_in_force(network).has_value());
}

TEST_CASE("routes: direct network inside the network of another device, gets no route") {
  const Network network = support::booted(Topology::classic);
  const auto direct = [&](const char* prefix) {
    const Lines steps = kept(network, {support::prefix(prefix)});
    return std::ranges::any_of(steps, [&](const std::string& step) {
      return step.find(std::string(prefix) + " via 203.0.113.1 dev eth0") != std::string::npos;
    });
  };
  CHECK(direct("192.0.2.0/24"));
  CHECK(direct("10.0.0.0/8"));
  CHECK(direct("203.0.113.7/32"));  // on the public NIC, whose gateway reaches it as well
  CHECK_FALSE(direct("10.132.0.9/32"));
  CHECK_FALSE(direct("10.132.0.0/16"));
}

TEST_CASE("routes: our routes and rules, have our protocol and every field as planned") {
  const auto steps = core::prepare_switch(support::booted(Topology::dhcp_metric), paths, {});
  REQUIRE(steps.size() == 9);
  CHECK(std::get<core::SetRoute>(steps[0].action).route ==
        Route{.destination = support::prefix("169.254.169.254"),
              .via = {support::public_gateway, support::eth0},
              .source = support::public_address,
              .metric = 0,
              .table = 254,
              .protocol = 173});
  const auto table_by = [](core::Ipv4 source, core::Ipv4 gateway, std::uint32_t table) {
    return Route{
        .via = {gateway, support::eth0}, .source = source, .table = table, .protocol = 173};
  };
  CHECK(std::get<core::SetRoute>(steps[1].action).route ==
        table_by(support::public_address, support::public_gateway, 17310));
  CHECK(std::get<core::SetRoute>(steps[2].action).route ==
        table_by(support::anchor_address, support::anchor_gateway, 17311));
  CHECK(std::get<core::AddRule>(steps[3].action).rule ==
        Rule{.priority = 17300,
             .source = support::prefix("203.0.113.10/32"),
             .table = 254,
             .suppress_prefixlength = 0,
             .protocol = 173});
  CHECK(std::get<core::AddRule>(steps[4].action).rule ==
        Rule{.priority = 17301,
             .source = support::prefix("203.0.113.10/32"),
             .table = core::public_table,
             .protocol = 173});
  const auto anchor = support::prefix("10.17.0.5/32");
  CHECK(std::get<core::AddRule>(steps[5].action).rule == Rule{.priority = 17298,
                                                              .source = anchor,
                                                              .mark = core::Mark{0x2000, 0x2000},
                                                              .table = 17311,
                                                              .protocol = 173});
  CHECK(std::get<core::AddRule>(steps[6].action).rule == Rule{.priority = 17304,
                                                              .source = anchor,
                                                              .table = 254,
                                                              .suppress_prefixlength = 0,
                                                              .protocol = 173});
  CHECK(std::get<core::AddRule>(steps[7].action).rule ==
        Rule{.priority = 17305, .source = anchor, .table = 17311, .protocol = 173});
  const auto switched = core::default_by_anchor(support::booted(Topology::dhcp_metric), paths);
  REQUIRE(switched.size() == 1);
  CHECK(std::get<core::ReplaceDefault>(switched[0].action).route ==
        Route{.via = {support::anchor_gateway, support::eth0},
              .source = support::anchor_address,
              .metric = 100,
              .protocol = 174});
  const auto confirmed = core::confirm_default(support::booted(Topology::dhcp_metric), paths);
  CHECK(std::get<core::ReplaceDefault>(confirmed.action).route ==
        Route{.via = {support::anchor_gateway, support::eth0},
              .source = support::anchor_address,
              .metric = 100,
              .protocol = 173});
}

TEST_CASE("routes: default to replace, is stored in our table and restored from it") {
  Network network = support::booted(Topology::dhcp_metric);
  Route expected = *core::default_in_force(network);
  expected.table = 17312;
  CHECK(std::get<core::SetRoute>(core::prepare_switch(network, paths, {}).back().action).route ==
        expected);
  network = support::converged(Topology::dhcp_metric);
  const auto steps = core::default_by_public(network, paths.public_path, "it is lost");
  REQUIRE(steps.size() == 1);
  CHECK(std::get<core::ReplaceDefault>(steps[0].action).route ==
        *core::default_in_force(support::booted(Topology::dhcp_metric)));
}

TEST_CASE("routes: another program's direct route, is kept") {
  Network network = support::converged(Topology::classic);
  const core::Prefix direct = support::prefix("192.0.2.0/24");
  network.routes.push_back(
      {.destination = direct, .via = {support::private_gateway, support::eth1}, .protocol = 4});
  CHECK(kept(network, {direct}).empty());
  SUBCASE("not in another table") {
    network.routes.back().table = 135;
    CHECK(kept(network, {direct}).size() == 1);
  }
  SUBCASE("not a wider one") {
    network.routes.back().destination = support::prefix("192.0.0.0/16");
    CHECK(kept(network, {direct}).size() == 1);
  }
  SUBCASE("ours with another hop is set again") {
    network.routes.back().protocol = core::our_protocol;
    CHECK(kept(network, {direct}) ==
          Lines{"set-route 192.0.2.0/24 via 203.0.113.1 dev eth0 src 203.0.113.10"});
  }
}

TEST_CASE("routes: unwanted direct route of ours, is removed") {
  Network network = support::converged(Topology::classic);
  network.routes.push_back({.destination = support::prefix("192.0.2.0/24"),
                            .via = {support::public_gateway, support::eth0},
                            .source = support::public_address});
  CHECK(kept(network, {support::prefix("192.0.2.0/24")}).empty());
  CHECK(kept(network) ==
        Lines{"remove-route 192.0.2.0/24 via 203.0.113.1 dev eth0 src 203.0.113.10"});
  network.routes.back().protocol = 4;
  CHECK(kept(network).empty());
}

TEST_CASE("routes: our direct route at another metric, is removed beside the right one") {
  Network network = support::converged(Topology::classic);
  Route second = *support::route_to(network, support::prefix("169.254.169.254"));
  second.metric = 10;
  network.routes.push_back(second);
  CHECK(kept(network) ==
        Lines{"remove-route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10 "
              "metric 10"});
}

TEST_CASE("routes: old reply route, is replaced in place") {
  Network network = support::booted(Topology::dhcp_metric);
  network.routes.push_back(
      {.via = {support::private_gateway, support::eth1}, .metric = 7, .table = core::public_table});
  CHECK(kept(network).at(1) ==
        "set-route default via 203.0.113.1 dev eth0 src 203.0.113.10 metric 7 table 17310");
}

TEST_CASE("routes: public default, replaces ours, none, or one through the anchor") {
  Network network = support::converged(Topology::classic);
  CHECK(back(network) == Lines{"replace-default default via 203.0.113.1 dev eth0"});
  CHECK(back(support::booted(Topology::classic)).empty());
  support::default_route(network)->protocol = core::unconfirmed_protocol;
  CHECK(back(network) == Lines{"replace-default default via 203.0.113.1 dev eth0"});
  support::default_route(network)->protocol = 4;
  CHECK(back(network) == Lines{"replace-default default via 203.0.113.1 dev eth0"});
  support::default_route(network)->via = {support::private_gateway, support::eth1};
  CHECK(back(network).empty());
  support::remove_routes_to(network, {});
  CHECK(back(network) == Lines{"replace-default default via 203.0.113.1 dev eth0"});
}

TEST_CASE("routes: no stored default, the public one is rebuilt from metadata") {
  Network network = support::converged(Topology::dhcp_metric);
  support::remove_routes_to(network, {}, core::memory_table);
  SUBCASE("nor a reply route") {
    support::remove_routes_to(network, {}, core::public_table);
  }
  SUBCASE("a reply route with another hop") {
    support::default_route(network, core::public_table)->via.gateway = support::private_gateway;
  }
  const auto steps = core::default_by_public(network, paths.public_path, "it is lost");
  CHECK(support::words(steps, network) ==
        Lines{"replace-default default via 203.0.113.1 dev eth0 src 203.0.113.10 metric 100"});
  CHECK(std::get<core::ReplaceDefault>(steps.at(0).action).route.protocol == 3);  // RTPROT_BOOT
}

TEST_CASE("routes: metadata behind our default, is reached again through our own table") {
  Network network = support::converged(Topology::classic);
  support::remove_routes_to(network, support::prefix("169.254.169.254"));
  CHECK(core::reach_metadata(network).size() == 1);
  SUBCASE("not if it is reachable") {
    network = support::converged(Topology::classic);
  }
  SUBCASE("not with the public default") {
    network = support::booted(Topology::classic);
  }
  SUBCASE("not with the restored public default") {
    *support::default_route(network) = support::booted(Topology::classic).routes[0];
  }
  SUBCASE("not without a default, if nothing leaves") {
    support::remove_routes_to(network, {});
  }
  SUBCASE("not without our table") {
    support::remove_routes_to(network, {}, core::public_table);
  }
  CHECK(core::reach_metadata(network).empty());
}

TEST_CASE("routes: overridden default, the ending names the real hop") {
  Network network = support::converged(Topology::classic);
  CHECK_FALSE(core::default_overruled(network).has_value());
  SUBCASE("only the second half of the world") {
    network.leaves_by.back().hop = {{}, support::eth1};
    const auto ending = core::default_overruled(network);
    REQUIRE(ending.has_value());
    CHECK(ending->exit == core::Exit::config);
    CHECK(ending->message ==
          "cannot use the default route of the main table: traffic to 193.193.193.193 goes via dev "
          "eth1, not via 10.17.0.1 dev eth0");
    CHECK(ending->hint.find("ip route get 193.193.193.193") != std::string::npos);
  }
  SUBCASE("not without a default, if nothing leaves") {
    support::remove_routes_to(network, {});
    support::resolve(network);
    CHECK_FALSE(core::default_overruled(network).has_value());
  }
  SUBCASE("not with several gateways, of which the kernel names one") {
    support::default_route(network)->multipath = true;
    CHECK_FALSE(core::default_overruled(network).has_value());
  }
}

TEST_CASE("routes: destinations of defaults, one in each quarter of the world") {
  const auto with = [](const std::vector<std::string>& taken, std::uint8_t protocol = 4,
                       std::uint32_t table = core::main_table) {
    std::vector<Route> routes;
    for (const std::string& destination : taken) {
      routes.push_back(
          {.destination = support::prefix(destination), .table = table, .protocol = protocol});
    }
    std::string found;
    for (const core::Ipv4 address : core::destinations_of_defaults(routes)) {
      found += (found.empty() ? "" : " ") + address.to_string();
    }
    return found;
  };
  const std::string usual = "23.23.23.23 64.64.64.64 129.129.129.129 193.193.193.193";
  CHECK(with({}) == usual);
  CHECK(with({"0.0.0.0/0"}) == usual);
  CHECK(with({"23.0.0.0/8"}) == "45.45.45.45 64.64.64.64 129.129.129.129 193.193.193.193");
  CHECK(with({"23.23.23.23", "45.45.45.0/24"}) ==
        "52.52.52.52 64.64.64.64 129.129.129.129 193.193.193.193");
  CHECK(with({"23.0.0.0/8", "45.0.0.0/8", "52.0.0.0/8"}) ==
        "64.64.64.64 129.129.129.129 193.193.193.193");
  CHECK(with({"193.193.193.193"}) == "23.23.23.23 64.64.64.64 129.129.129.129 208.208.208.208");
  // A VPN covers everything with halves, quarters, ..., and that is visible.
  CHECK(with({"0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/7", "22.0.0.0/7"}) == usual);
  CHECK(with({"128.0.0.0/1"}, core::our_protocol) == "23.23.23.23 64.64.64.64");  // --direct
  CHECK(with({"23.0.0.0/8"}, 4, 52) == usual);
}
