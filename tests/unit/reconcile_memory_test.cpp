// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using app::Outcome;
using core::Exit;
using core::Route;
using support::Rig;
using support::Topology;

// A replaced default is restored with every attribute, or it is never replaced.

namespace {

void fail_after_switch(Rig& rig) {
  rig.cloud.fault = [](const io::Request& request) -> std::optional<support::Reply> {
    return request.fresh && !request.source ? std::optional(support::no_reply()) : std::nullopt;
  };
}

Outcome release(Rig& rig) {
  rig.forget();
  rig.invocation.config.keep_ip = true;
  return app::release(rig.system, rig.invocation);
}

Route& in_force(Rig& rig) {
  return *support::default_route(rig.kernel.network);
}

// Unknown attributes in wire format.
Route with_everything(Route route) {
  route.metrics = std::string("\x08\x00\x02\x00\x78\x05\x00\x00", 8);  // mtu 1400
  route.attributes = std::string("\x08\x00\x0b\x00\x07\x00\x00\x00", 8);
  route.flags = 4;  // onlink
  route.protocol = 18;
  return route;
}

}  // namespace

TEST_CASE("memory: rollback and release, restore a default with every attribute") {
  Rig rig;
  SUBCASE("unknown ones") {
    in_force(rig) = with_everything(in_force(rig));
  }
  SUBCASE("several next hops") {
    in_force(rig) = with_everything({.multipath = true});
  }
  SUBCASE("a nexthop object") {
    in_force(rig) = with_everything(in_force(rig));
    in_force(rig).nexthop_object = 7;
  }
  const core::Network before = rig.kernel.network;
  fail_after_switch(rig);
  CHECK(rig.run().ending.exit == Exit::rolled_back);
  CHECK(rig.kernel.network.routes == before.routes);
  CHECK(rig.kernel.network.rules == before.rules);

  rig.cloud.fault = {};
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(in_force(rig).metrics == core::default_in_force(before)->metrics);
  CHECK(in_force(rig).attributes.empty());
  CHECK(rig.run().result == Outcome::Result::unchanged);

  CHECK(release(rig).ending.exit == Exit::ok);
  CHECK(rig.kernel.network.routes == before.routes);
  CHECK(rig.kernel.network.rules == before.rules);
}

TEST_CASE("memory: the kernel refuses the previous default once, it comes back as it was") {
  Rig rig;
  in_force(rig) = with_everything(in_force(rig));
  const core::Network before = rig.kernel.network;
  CHECK(rig.run().ending.exit == Exit::ok);
  rig.kernel.refuse_change = 0;
  CHECK(release(rig).ending.exit == Exit::ok);
  CHECK(rig.kernel.changes.at(0) == "set 0.0.0.0/0");
  CHECK(rig.kernel.network.routes == before.routes);
}

// Without the address it leads nowhere.
TEST_CASE("memory: default through the anchor by others, a release leaves the public one") {
  Rig rig;
  const auto through_anchor = [&] {
    in_force(rig).via = {support::anchor_gateway, support::eth0};
    in_force(rig).source = support::anchor_address;
    in_force(rig).protocol = 4;
  };
  CHECK(rig.run().ending.exit == Exit::ok);
  through_anchor();
  SUBCASE("in the place of ours") {}
  SUBCASE("in the place of ours, which the next run makes again") {
    CHECK(rig.run().ending.exit == Exit::ok);
  }
  CHECK(release(rig).ending.exit == Exit::ok);
  CHECK(in_force(rig).via.gateway == support::public_gateway);
}

TEST_CASE("memory: kernel takes no exact copy, ends with config and keeps the default") {
  Rig rig;
  in_force(rig) = with_everything(in_force(rig));
  const core::Network before = rig.kernel.network;
  SUBCASE("it stores another one") {
    rig.kernel.meddler = [](core::Network& network) {
      if (Route* copy = support::default_route(network, core::memory_table)) {
        copy->attributes.clear();
      }
    };
  }
  SUBCASE("it stores none") {
    rig.kernel.refuse_change = 8;
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.starts_with("cannot replace the default route: "));
  CHECK(rig.kernel.network.routes == before.routes);
  CHECK(rig.kernel.network.rules == before.rules);
  CHECK(rig.guards.opened == 0);
}

TEST_CASE("memory: default in front of ours, is replaced, and each is restored at its metric") {
  Rig rig(Topology::two_defaults);
  core::Network before = rig.kernel.network;
  CHECK(rig.run().ending.exit == Exit::ok);
  const Route front{.via = {support::public_gateway, support::eth0}, .metric = 50, .protocol = 16};
  rig.kernel.network.routes.push_back(front);
  before.routes.push_back(front);
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(in_force(rig).metric == 50);
  CHECK(in_force(rig).via.gateway == support::anchor_gateway);
  CHECK(std::ranges::count_if(rig.kernel.network.routes, core::is_our_default) == 1);
  CHECK(release(rig).ending.exit == Exit::ok);
  const auto sorted = [](core::Network network) {
    std::ranges::sort(network.routes, {},
                      [](const Route& route) { return support::to_text(route); });
    return network.routes;
  };
  CHECK(sorted(rig.kernel.network) == sorted(before));
}

TEST_CASE("undo: failed step, does not stop the others and is named") {
  for (const std::string refused :
       {"remove rule 17304", "remove rule 17298", "remove 169.254.169.254/32"}) {
    CAPTURE(refused);
    Rig rig;
    const core::Network before = rig.kernel.network;
    fail_after_switch(rig);
    rig.kernel.refuses_always = refused;
    const Outcome outcome = rig.run();
    CHECK(outcome.ending.exit == Exit::degraded);
    const bool rule = refused.find("rule") != std::string::npos;
    const std::string left =
        rule ? "rule " + refused.substr(12) + ": made by do-egress-ip"
             : "the route to 169.254.169.254/32 in table 254 was made by do-egress-ip";
    CHECK(outcome.ending.message.ends_with("left: " + left));
    CHECK(rig.kernel.network.rules.size() == before.rules.size() + (rule ? 1 : 0));
    CHECK(rig.kernel.network.routes.size() == before.routes.size() + (rule ? 0 : 1));
    CHECK(core::default_in_force(rig.kernel.network) == core::default_in_force(before));
    CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
  }
}

TEST_CASE("undo: no default left by others, the public one comes back") {
  auto network = support::converged(support::Topology::classic);
  std::erase_if(network.routes, [](const core::Route& route) {
    return route.destination == core::Prefix{} &&
           (route.table == core::main_table || route.table == core::memory_table);
  });
  const auto steps = support::words(core::undo(network, std::nullopt), network);
  REQUIRE_FALSE(steps.empty());
  CHECK(steps.front() == "replace-default default via 203.0.113.1 dev eth0 src 203.0.113.10");
}
