// SPDX-License-Identifier: Apache-2.0
#include "app/run/change.hpp"
#include "app/run/reconcile.hpp"
#include "core/plan/release.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using core::Marking;
using core::Network;
using State = core::Marking::State;
using support::Rig;
using support::Topology;
using Lines = std::vector<std::string>;

// Forwarded connections that use the public address keep it, by a mark and rules for it.

namespace {

const std::string set = "set-marking 0x1000 on forwarded connections of 203.0.113.10";
const std::string removed = "remove-marking 0x1000 on forwarded connections";
const std::string first = "17302 from all fwmark 0x1000/0x1000 lookup main without its default";
const std::string second = "17303 from all fwmark 0x1000/0x1000 lookup 17310";

core::Paths paths(std::uint32_t anchor_device = support::eth0) {
  return {.public_path = {support::public_address, {support::public_gateway, support::eth0}},
          .anchor_path = {support::anchor_address, {support::anchor_gateway, anchor_device}}};
}

Lines kept(const Network& network, std::uint32_t anchor_device = support::eth0) {
  return support::words(core::prepare_switch(network, paths(anchor_device), {}), network);
}

Network converged_node() {
  return support::forwarding(support::converged(Topology::classic));
}
Network marked_node() {
  return support::marked(support::converged(Topology::classic));
}

}  // namespace

TEST_CASE("marking: forwarding node, gets it after its rules, once") {
  CHECK(kept(converged_node()) == Lines{"add-rule " + first, "add-rule " + second, set});
  CHECK(kept(marked_node()).empty());
  CHECK(kept(support::converged(Topology::classic)).empty());  // does not forward
}

TEST_CASE("marking: another program keeps the replies, is set all the same") {
  const Network network = support::forwarding(support::converged(Topology::routing_agent));
  CHECK(kept(network) == Lines{"add-rule " + first, "add-rule " + second, set});
  CHECK(kept(support::marked(support::converged(Topology::routing_agent))).empty());
}

TEST_CASE("marking: table of another address or changed by others, is replaced") {
  Network network = marked_node();
  for (const core::Ipv4 address : {support::anchor_address, core::Ipv4{}}) {
    network.marking.address = address;
    CHECK(kept(network) == Lines{set});
  }
  network.marking = {};
  CHECK(kept(network) == Lines{set});
  std::erase_if(network.rules, [](const auto& rule) { return rule.priority == 17303; });
  network.marking = marked_node().marking;
  CHECK(kept(network) == Lines{"add-rule " + second});
}

// The whole mark 0xd0e60073 with rules of the same priorities; its table reads as one without an
// address.
TEST_CASE("marking: table of an older version, stays until the new one is set") {
  Network network = marked_node();
  network.marking.address = {};
  for (core::Rule& rule : network.rules) {
    rule.mark = rule.mark == core::our_mark ? std::optional(core::Mark{0xd0e60073}) : rule.mark;
  }
  CHECK(kept(network) == Lines{"add-rule " + first, "add-rule " + second, set,
                               "remove-rule 17303 from all fwmark 0xd0e60073 lookup 17310",
                               "remove-rule 17302 from all fwmark 0xd0e60073 lookup main without "
                               "its default"});
}

TEST_CASE("marking: our rule with another mask, does not count") {
  Network network = marked_node();
  std::ranges::find(network.rules, 17303U, &core::Rule::priority)->mark->mask = 0xffff;
  CHECK(kept(network).front() == "add-rule " + second);
}

TEST_CASE("marking: table that cannot be read, is left alone") {
  Network network = marked_node();
  network.marking = {.state = State::hidden};
  CHECK(kept(network).empty());
  network = converged_node();
  network.marking = {.state = State::hidden};
  CHECK(kept(network).empty());
}

TEST_CASE("marking: kernel without nf_tables, gets neither table nor rules") {
  Network network = converged_node();
  network.marking = {.state = State::unsupported};
  CHECK(kept(network).empty());
  network = marked_node();
  network.marking = {.state = State::unsupported};
  CHECK(kept(network) == Lines{"remove-rule " + second, "remove-rule " + first});
}

TEST_CASE("marking: node stops forwarding, table is removed") {
  Network network = marked_node();
  for (core::Link& link : network.links) {
    link.forwards = false;
  }
  CHECK(kept(network) == Lines{removed, "remove-rule " + second, "remove-rule " + first});
}

TEST_CASE("marking: strict rp_filter would drop replies, is not set") {
  Network network = support::forwarding(support::converged(Topology::anchor_nic));
  core::Link& outside = network.links.at(1);
  REQUIRE(outside.ifindex == support::eth0);
  outside.rp_filter = 1;
  SUBCASE("on the NIC of the public address") {
    CHECK(kept(network, support::ens7).empty());
  }
  SUBCASE("but set if the anchor shares that NIC") {
    const auto steps = kept(network);
    CHECK(std::ranges::count(steps, set) == 1);
  }
  SUBCASE("but set if rp_filter is loose") {
    outside.rp_filter = 2;
    CHECK(kept(network, support::ens7).size() == 3);
  }
  SUBCASE("but set if src_valid_mark is on") {
    outside.src_valid_mark = true;
    CHECK(kept(network, support::ens7).size() == 3);
  }
}

TEST_CASE(
    "marking: rule with a mark from the public address, is not another program's reply rule") {
  Network network = support::booted(Topology::routing_agent);
  network.rules[1].mark = core::Mark{1};
  const auto steps = kept(network);
  CHECK(std::ranges::count(steps, "add-rule 17301 from 203.0.113.10/32 lookup 17310") == 1);
}

TEST_CASE("marking: release, removes it even if others changed it") {
  auto found = support::healthy();
  found.network = marked_node();
  for (const core::Ipv4 address : {support::public_address, core::Ipv4{}}) {
    found.network.marking.address = address;
    const auto plan = core::plan_release(found, support::asked());
    const auto words = support::words(plan.steps, found.network);
    CHECK(std::ranges::count(words, removed) == 1);
  }
}

TEST_CASE("marking: one run sets it, the next changes nothing") {
  for (const auto topology : support::every_topology) {
    Rig rig;
    rig.kernel.network = support::forwarding(support::booted(topology));
    CHECK(rig.run().ending.exit == core::Exit::ok);
    CHECK(rig.kernel.network.marking == Marking{State::set, support::public_address});
    CHECK(rig.run().result == app::Outcome::Result::unchanged);
    CHECK(rig.kernel.changes.empty());
  }
}

TEST_CASE("marking: kernel refuses it, egress is set up without it") {
  Rig rig;
  rig.kernel.network = support::forwarding(support::booted(Topology::classic));
  rig.kernel.refuse_change = 10;  // after the direct route, our tables and rules
  const app::Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == core::Exit::ok);
  CHECK(rig.kernel.network.marking == Marking{});
  CHECK(rig.kernel.network.rules.size() == 8);
  CHECK(rig.cloud.labels["do-outbound-floating-ip-enabled"] == "true");
  const auto failed =
      std::ranges::count(outcome.steps, app::StepRecord::Result::failed, &app::StepRecord::result);
  CHECK(failed == 1);
  rig.kernel.refuse_change.reset();
  CHECK(rig.run().result == app::Outcome::Result::changed);
  CHECK(rig.kernel.network.marking.state == State::set);
}

TEST_CASE("marking: run killed, the guard removes it") {
  Rig rig;
  rig.kernel.network = support::forwarding(support::booted(Topology::classic));
  const Network before = rig.kernel.read();
  rig.run();
  rig.guards.die(rig.kernel);
  CHECK(support::to_text(rig.kernel.read()) == support::to_text(before));
}

TEST_CASE("marking: --route none, sets none") {
  Rig rig;
  rig.kernel.network = support::forwarding(support::booted(Topology::classic));
  rig.invocation.config.route = core::RouteMode::none;
  rig.run();
  CHECK(rig.kernel.changes.empty());
}

// Found by the nemesis, seed 1002: after a kill, a single rule to our table was left, and pods
// could not be reached.
TEST_CASE("marking: every moment of a run, no rule leads to our table without the one before it") {
  const auto holds = [](const Network& network) {
    const auto there = [&](std::uint32_t priority) {
      return std::ranges::count(network.rules, priority, &core::Rule::priority) > 0;
    };
    return (there(core::main_first_priority) || !there(core::public_table_priority)) &&
           (there(core::marked_main_first_priority) || !there(core::marked_public_table_priority));
  };
  const auto check = [&](const std::vector<core::Step>& steps, const Network& from) {
    support::FakeKernel kernel;
    kernel.network = from;
    int rules = 0;
    for (const core::Step& step : steps) {
      app::change(kernel, step.action);
      CHECK(holds(kernel.network));
      rules += std::holds_alternative<core::AddRule>(step.action) ||
               std::holds_alternative<core::RemoveRule>(step.action);
    }
    CHECK(rules >= 2);
  };
  const Network bare = support::forwarding(support::booted(Topology::classic));
  const Network with = marked_node();
  check(core::prepare_switch(bare, paths(), {}), bare);
  check(core::undo(with, support::droplet({})), with);
  Network idle = with;  // marked packets are no longer forwarded
  for (core::Link& link : idle.links) {
    link.forwards = false;
  }
  check(core::prepare_switch(idle, paths(), {}), idle);
}
