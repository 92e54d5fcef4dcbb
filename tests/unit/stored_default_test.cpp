// SPDX-License-Identifier: Apache-2.0
#include "core/plan/stored_default.hpp"

#include "app/run/change.hpp"
#include "app/run/reconcile.hpp"
#include "core/plan/conflicts.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using core::Exit;
using core::Network;
using core::Route;
using support::Rig;
using support::Topology;

// A default in table 17312 is the operator's old one if anything else of ours is there; else it is
// another program's.

namespace {

Network with_foreign_default(Network network) {
  network.routes.push_back({.via = {support::private_gateway, support::eth1},
                            .metric = 7,
                            .table = core::memory_table,
                            .protocol = 4});
  return network;
}

bool is_any_stored(const Network& network) {
  return core::stored_default(network).has_value();
}

bool is_of_ours_beside(const Route& route) {
  return route.protocol == core::our_protocol || route.table == core::memory_table;
}

// What is left if others removed all of ours but the stored default.
Network with_nothing_else() {
  Network network = support::converged(Topology::classic);
  std::erase_if(network.rules,
                [](const core::Rule& rule) { return rule.protocol == core::our_protocol; });
  std::erase_if(network.routes, [](const Route& route) {
    return is_of_ours_beside(route) && route.table != core::memory_table;
  });
  support::resolve(network);
  return network;
}

}  // namespace

TEST_CASE("stored default: any one thing of ours, shows that a default in 17312 is stored") {
  Network network = with_foreign_default(support::booted(Topology::classic));
  CHECK_FALSE(is_any_stored(network));
  SUBCASE("our default, confirmed") {
    network.routes.push_back({.metric = 9});
  }
  SUBCASE("our default, unconfirmed") {
    network.routes.push_back({.metric = 9, .protocol = core::unconfirmed_protocol});
  }
  SUBCASE("the direct route to metadata") {
    network.routes.push_back({.destination = core::metadata_service});
  }
  SUBCASE("a default in table 17310") {
    network.routes.push_back({.table = core::public_table});
  }
  SUBCASE("a default in table 17311") {
    network.routes.push_back({.table = core::anchor_table});
  }
  SUBCASE("a rule") {
    network.rules.push_back({.priority = core::anchor_table_priority});
  }
  SUBCASE("the marking") {
    network.marking.state = core::Marking::State::set;
  }
  SUBCASE("the translation of pods") {
    network.pod_snat.emplace();
  }
  CHECK(is_any_stored(network));
  CHECK_FALSE(core::table_taken(network));
}

TEST_CASE("stored default: what needs no switch, does not make another program's default stored") {
  Network network = with_foreign_default(support::booted(Topology::classic));
  SUBCASE("the fence around destinations") {
    network.rules.push_back(
        {.priority = core::destination_priority, .table = core::destination_table});
  }
  SUBCASE("a rule of another program") {
    network.rules.push_back(
        {.priority = core::anchor_table_priority, .table = core::anchor_table, .protocol = 3});
  }
  CHECK_FALSE(is_any_stored(network));
  CHECK_FALSE(core::replaced_default(network, 7));
  CHECK(core::undo(network, support::droplet({})).empty());
  const auto ending = core::table_taken(network);
  REQUIRE(ending);
  CHECK(ending->exit == Exit::config);
  CHECK(ending->message.find("table 17312: it has a route to 0.0.0.0/0") != std::string::npos);
  CHECK(ending->hint.find("ip route flush table 17312") != std::string::npos);
}

TEST_CASE("stored default: another program's, exit 78, nothing is claimed, and release leaves it") {
  Rig rig;
  rig.kernel.network = with_foreign_default(rig.kernel.network);
  SUBCASE("through another gateway") {}
  SUBCASE("an exact copy of the default") {
    rig.kernel.network.routes.back() = *support::default_route(rig.kernel.network);
    rig.kernel.network.routes.back().table = core::memory_table;
  }
  SUBCASE("with a type of service, which no run stores") {
    rig.kernel.network.routes.back().tos = 8;
  }
  const Network before = rig.kernel.network;
  CHECK(rig.run().ending.exit == Exit::config);
  CHECK_FALSE(rig.cloud.held());
  rig.forget();
  CHECK(app::release(rig.system, rig.invocation).ending.exit == Exit::ok);
  CHECK(rig.kernel.network == before);
  CHECK(rig.kernel.changes.empty());
}

TEST_CASE("stored default: all else of ours removed by others, comes back unless one is there") {
  Network network = with_nothing_else();
  CHECK(is_any_stored(network));  // else the node would stay without a default
  const auto steps = support::words(core::undo(network, std::nullopt), network);
  CHECK(steps == std::vector<std::string>{"replace-default default via 203.0.113.1 dev eth0",
                                          "remove-route default via 203.0.113.1 dev eth0 table "
                                          "17312"});
  SUBCASE("another program set a default meanwhile") {
    network.routes.push_back({.via = {support::public_gateway, support::eth0}, .protocol = 16});
  }
  SUBCASE("a VPN covers everything without one") {
    for (const char* half : {"0.0.0.0/1", "128.0.0.0/1"}) {
      network.routes.push_back(
          {.destination = support::prefix(half), .via = {{}, support::eth1}, .protocol = 3});
    }
  }
  support::resolve(network);
  CHECK_FALSE(is_any_stored(network));
  CHECK(core::undo(network, std::nullopt).empty());
}

// Killed after any number of changes, there and back.
TEST_CASE("stored default: a run or an undo killed at any change, never leaves one alone") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    const Network before = rig.kernel.read();
    int looks = 0;
    const auto look = [&](const Network& now) {
      const bool is_there = std::ranges::any_of(
          now.routes, [](const Route& route) { return route.table == core::memory_table; });
      looks += is_there ? 1 : 0;
      CHECK((!is_there || core::is_switch_prepared(now)));
    };
    rig.kernel.meddler = look;
    CHECK(rig.run().ending.exit == Exit::ok);
    rig.kernel.meddler = {};
    const auto steps = core::undo(rig.kernel.read(), support::droplet({}));
    for (const core::Step& step : steps) {
      app::change(rig.kernel, step.action);
      look(rig.kernel.network);
      support::FakeKernel next(rig.kernel.read());
      CHECK_FALSE(app::undo(next, support::droplet({}), core::Destinations::open).failure);
      CHECK(support::to_text(next.read()) == support::to_text(before));
    }
    CHECK(looks > 2);
  }
}
