// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "core/plan/routes.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using core::Need;
using support::Topology;
using Lines = std::vector<std::string>;

// A droplet with an address: keep it, and route egress through it.

TEST_CASE("plan: everything right in every topology, has no steps") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    const auto found = support::healthy(topology);
    const auto plan = core::plan(found, support::asked());
    CHECK(support::words(plan.steps, found.network) == Lines{});
    CHECK(plan.needs.empty());
    CHECK(plan.ending.exit == Exit::ok);
    CHECK(plan.ending.message.empty());
    CHECK(plan.floating_ip == support::first_choice);
  }
}

TEST_CASE("plan: confirmed default, needs only the droplet first") {
  const auto plan =
      core::plan({.network = support::converged(Topology::classic)}, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::droplet});
}

TEST_CASE("plan: no confirmed default, needs the Node first because it may say true") {
  core::Observation found{.network = support::booted(Topology::classic)};
  const auto needs = [&] {
    const auto plan = core::plan(found, support::asked());
    CHECK(plan.steps.empty());
    return plan.needs;
  };
  CHECK(needs() == std::vector{Need::node});
  found.node = core::Node{};
  CHECK(needs() == std::vector{Need::droplet});
  found.node = core::NoKubernetes{};
  CHECK(needs() == std::vector{Need::droplet});
  found.node = core::Unavailable{core::Error(Exit::unavailable, "no reply")};
  CHECK(needs() == std::vector{Need::droplet});
}

TEST_CASE(
    "plan: Kubernetes does not answer by the default, proves the path before it calls it good") {
  auto found = support::healthy();
  found.node = core::Unavailable{core::Error(Exit::unavailable, "no reply")};
  auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::path});

  SUBCASE("proven") {
    found.path_proven = true;
    plan = core::plan(found, support::asked());
    CHECK(plan.ending.exit == Exit::gate_failed);
    CHECK(plan.ending.message.ends_with("works"));
  }
  SUBCASE("nothing answers") {
    found.nothing_answers = true;
    plan = core::plan(found, support::asked());
    CHECK(plan.ending.exit == Exit::gate_failed);
    CHECK(plan.ending.message.ends_with("nothing answers, also not the public address"));
  }
  SUBCASE("dead") {
    found.proof_error = core::Error(Exit::unavailable, "no reply");
    plan = core::plan(found, support::asked());
    CHECK(plan.undo);
    CHECK(plan.ending.exit == Exit::rolled_back);
  }
  SUBCASE("an answer that is of no use") {
    found.node = core::Unavailable{core::Error(Exit::no_permission, "forbidden")};
    CHECK(core::plan(found, support::asked()).needs.empty());
  }
  CHECK(plan.steps.empty() == !plan.undo);
}

TEST_CASE("plan: only the Node unknown, needs the Node") {
  auto found = support::healthy();
  found.node = core::NotAsked{};
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::node});
}

TEST_CASE("plan: metadata shows a pool address, never asks DigitalOcean") {
  auto found = support::healthy();
  found.network = support::booted(Topology::classic);
  CHECK(core::plan(found, support::asked()).needs.empty());
}

TEST_CASE("plan: address assigned by hand, switches the default") {
  auto found = support::healthy();
  found.network = support::booted(Topology::classic);
  found.node = core::Node{};
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"set-route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10",
              "set-route default via 203.0.113.1 dev eth0 src 203.0.113.10 table 17310",
              "set-route default via 10.17.0.1 dev eth0 src 10.17.0.5 table 17311",
              "add-rule 17300 from 203.0.113.10/32 lookup main without its default",
              "add-rule 17301 from 203.0.113.10/32 lookup 17310",
              "add-rule 17298 from 10.17.0.5/32 fwmark 0x2000/0x2000 lookup 17311",
              "add-rule 17304 from 10.17.0.5/32 lookup main without its default",
              "add-rule 17305 from 10.17.0.5/32 lookup 17311",
              "set-route default via 203.0.113.1 dev eth0 table 17312",
              "replace-default default via 10.17.0.1 dev eth0 src 10.17.0.5",
              "confirm-default default via 10.17.0.1 dev eth0 src 10.17.0.5",
              "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
              "do-outbound-floating-ip-enabled=true"});
  CHECK(plan.ending.exit == Exit::ok);
  CHECK(plan.floating_ip == support::first_choice);
}

TEST_CASE("plan: anchor address on any device, uses that device") {
  auto found = support::healthy(Topology::anchor_nic);
  found.node = core::NoKubernetes{};
  found.network = support::booted(Topology::anchor_nic);
  const auto plan = core::plan(found, support::asked());
  const auto lines = support::words(plan.steps, found.network);
  CHECK(Lines(lines.end() - 2, lines.end()) ==
        Lines{"replace-default default via 10.17.0.1 dev ens7np0 src 10.17.0.5",
              "confirm-default default via 10.17.0.1 dev ens7np0 src 10.17.0.5"});
}

TEST_CASE("plan: API and metadata disagree, believes the API") {
  auto found = support::healthy();
  SUBCASE("metadata does not show the address yet") {
    found.droplet = support::droplet(std::nullopt);
    found.account =
        core::Account{.ours = support::held_by(support::first_choice, support::our_droplet)};
    const auto plan = core::plan(found, support::asked());
    CHECK(plan.steps.empty());
    CHECK(plan.needs.empty());
    CHECK(plan.floating_ip == support::first_choice);
  }
  SUBCASE("metadata still shows a lost address") {
    found.account = core::Account{.pool = support::all_free().pool, .shows_droplets = true};
    const auto plan = core::plan(found, support::asked());
    CHECK(support::words(plan.steps, found.network).front() ==
          "replace-default default via 203.0.113.1 dev eth0");
  }
}

TEST_CASE("plan: pending action on our address, waits for it") {
  auto found = support::healthy();
  auto ours = support::held_by(support::first_choice, support::our_droplet);
  ours.locked = true;
  found.account = core::Account{.ours = ours};
  auto asked = support::asked();
  asked.lock = core::Lock::automatic;
  const auto plan = core::plan(found, asked);
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"acquire-lease 198.51.100.8", "assign 198.51.100.8 to droplet 758604990"});
  CHECK(plan.steps.at(1).reason ==
        "the droplet holds it, but an action on it is pending; next: read the address in 1000 ms");
  SUBCASE("under its Lease, because the action may free it") {
    asked.lock = core::Lock::none;
    CHECK(support::words(core::plan(found, asked).steps, found.network) ==
          Lines{"assign 198.51.100.8 to droplet 758604990"});
    asked.lock = core::Lock::lease;
    found.lease_error = core::Error(Exit::unavailable, "no Lease");
    CHECK(core::plan(found, asked).ending.exit == Exit::unavailable);
  }
}

TEST_CASE("plan: foreign address, is refused without a change") {
  auto found = support::healthy();
  found.network = support::booted(Topology::classic);
  found.droplet = support::droplet(support::not_in_pool);
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"label-node pool-egress-8b870 do-outbound-floating-ip- "
              "do-outbound-floating-ip-enabled=false"});
  CHECK(plan.ending.exit == Exit::foreign_ip);
  CHECK(plan.ending.message ==
        "cannot use 198.51.100.99: the droplet holds it, but it is not in the pool; nothing was "
        "changed");
  CHECK_FALSE(plan.ending.hint.empty());
  CHECK_FALSE(plan.floating_ip.has_value());
}

TEST_CASE("plan: foreign address already in use, the ending says so") {
  auto found = support::healthy();
  found.droplet = support::droplet(support::not_in_pool);
  CHECK(core::plan(found, support::asked()).ending.message ==
        "cannot use 198.51.100.99: the droplet holds it, but it is not in the pool; it is the "
        "egress IP all the same, because the default route goes through the anchor gateway");
}

TEST_CASE("plan: foreign address that only the API shows, is refused") {
  auto found = support::newcomer();
  auto& account = std::get<core::Account>(found.account);
  account.ours = support::held_by(support::not_in_pool, support::our_droplet);
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.ending.exit == Exit::foreign_ip);
  for (const core::Step& step : plan.steps) {
    CHECK_FALSE(std::holds_alternative<core::AssignFloatingIp>(step.action));
  }
}

TEST_CASE("plan: foreign address with --allow-foreign-ip, is used") {
  auto found = support::healthy();
  found.droplet = support::droplet(support::not_in_pool);
  found.node = support::labelled(support::not_in_pool);
  auto asked = support::asked();
  asked.foreign = core::Foreign::allow;
  const auto plan = core::plan(found, asked);
  CHECK(plan.steps.empty());
  CHECK(plan.ending.exit == Exit::ok);
  CHECK(plan.floating_ip == support::not_in_pool);
}

TEST_CASE("plan: --route none, leaves routes and rules alone") {
  auto found = support::healthy();
  auto asked = support::asked();
  asked.route = core::RouteMode::none;
  SUBCASE("an address is held") {
    found.network = {};
    CHECK(core::plan(found, asked).steps.empty());
    CHECK(core::plan(found, asked).floating_ip == support::first_choice);
  }
  SUBCASE("an address is claimed") {
    found = support::newcomer();
    found.network = {};
    CHECK(support::words(core::plan(found, asked).steps, found.network) ==
          Lines{"assign 198.51.100.8 to droplet 758604990",
                "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
                "do-outbound-floating-ip-enabled=true"});
  }
  SUBCASE("nothing is known yet, our earlier default is set") {
    found.droplet.reset();
    std::erase_if(found.network.routes, [](const core::Route& route) {
      return route.destination == core::metadata_service;
    });
    CHECK(core::plan(found, support::asked()).steps.size() == 1);
    CHECK(core::plan(found, asked).steps.empty());
  }
  SUBCASE("the address is lost") {
    found.droplet = support::droplet(std::nullopt);
    found.account = support::all_free();
    for (const core::Step& step : core::plan(found, asked).steps) {
      CHECK_FALSE(std::holds_alternative<core::ReplaceDefault>(step.action));
    }
  }
  SUBCASE("the droplet has no anchor and needs none") {
    found.droplet->anchor.reset();
    CHECK(core::plan(found, asked).ending.exit == Exit::ok);
  }
}

TEST_CASE("plan: Node says true, kernel shows no confirmed default, label false comes first") {
  auto found = support::healthy();
  found.network = support::booted(Topology::classic);
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words({plan.steps.front()}, found.network) ==
        Lines{"label-node pool-egress-8b870 do-outbound-floating-ip- "
              "do-outbound-floating-ip-enabled=false"});
  CHECK(std::holds_alternative<core::PatchNode>(plan.steps.back().action));
  found.network = support::converged(Topology::classic);
  CHECK(core::plan(found, support::asked()).steps.empty());
}
