// SPDX-License-Identifier: Apache-2.0
#include "core/plan/release.hpp"

#include "app/run/change.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"
#include "support/builders.hpp"
#include "support/fake_kernel.hpp"
#include "support/print.hpp"

#include <algorithm>

using core::Exit;
using core::Observation;
using Lines = std::vector<std::string>;

namespace {

const core::Error unreachable(Exit::unavailable, "it cannot be reached");

// A droplet with its egress IP, and its account.
Observation all_known() {
  Observation found = support::healthy();
  core::Account account = support::all_free();
  for (core::FloatingIp& entry : account.pool) {
    if (entry.address == support::first_choice) {
      entry.holder = support::our_droplet;
      account.ours = entry;
    }
  }
  found.account = account;
  return found;
}

template <typename Action>
std::ptrdiff_t count(const core::Plan& plan) {
  return std::ranges::count_if(plan.steps, [](const core::Step& step) {
    return std::holds_alternative<Action>(step.action);
  });
}

}  // namespace

TEST_CASE("release: after a reconcile, the network is as it booted, and other routes stay") {
  const core::Route foreign{
      .destination = support::prefix("192.168.7.0/24"), .via = {{}, support::eth0}, .protocol = 42};
  const core::Rule foreign_rule{.priority = 900, .table = 42, .protocol = 42};
  for (const auto topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    support::FakeKernel kernel;
    kernel.network = support::booted(topology);
    kernel.network.routes.push_back(foreign);
    kernel.network.rules.push_back(foreign_rule);
    const std::string before = support::to_text(kernel.read());
    kernel.network = support::converged(topology);
    kernel.network.routes.push_back(foreign);
    kernel.network.rules.push_back(foreign_rule);
    Observation found = all_known();
    found.network = kernel.read();
    for (const core::Step& step : core::plan_release(found, support::asked()).steps) {
      app::change(kernel, step.action);
    }
    CHECK(support::to_text(kernel.read()) == before);
  }
}

TEST_CASE("release: previous default into the VPC, is restored") {
  const auto booted = [] {
    auto network = support::booted(support::Topology::classic);
    support::default_route(network)->via = {support::private_gateway, support::eth1};
    return network;
  };
  support::FakeKernel kernel;
  kernel.network = booted();
  const auto apply = [&](const std::vector<core::Step>& steps) {
    for (const core::Step& step : steps) {
      app::change(kernel, step.action);
    }
  };
  const core::Paths paths{
      .public_path = {support::public_address, {support::public_gateway, support::eth0}},
      .anchor_path = {support::anchor_address, {support::anchor_gateway, support::eth0}}};
  apply(core::prepare_switch(kernel.network, paths, {}));
  apply(core::default_by_anchor(kernel.network, paths));
  REQUIRE(core::default_in_force(kernel.network)->via == paths.anchor_path.via);
  CHECK(core::prepare_switch(kernel.network, paths, {}).empty());
  apply(core::undo(kernel.network, support::droplet({})));
  CHECK(core::default_in_force(kernel.network) == core::default_in_force(booted()));
  CHECK_FALSE(core::default_of(kernel.network, core::public_table).has_value());
}

TEST_CASE("release: no stored default, a public one is added like one by hand") {
  Observation found = all_known();
  support::remove_routes_to(found.network, {}, core::memory_table);
  const auto plan = core::plan_release(found, support::asked());
  const auto& route = std::get<core::ReplaceDefault>(plan.steps.at(1).action).route;
  CHECK(route.via == core::NextHop{support::public_gateway, support::eth0});
  CHECK(route.protocol == 3);  // RTPROT_BOOT
}

TEST_CASE("release: order, the Node first, then the network, the address last") {
  const auto plan = core::plan_release(all_known(), support::asked());
  REQUIRE(plan.steps.size() > 4);
  CHECK(std::holds_alternative<core::PatchNode>(plan.steps[0].action));
  CHECK(std::holds_alternative<core::ReplaceDefault>(plan.steps[1].action));
  const auto unassign = plan.steps.end() - 2;
  CHECK(std::holds_alternative<core::UnassignFloatingIp>(unassign->action));
  CHECK(std::holds_alternative<core::ReleaseLease>(plan.steps.back().action));
  CHECK(plan.ending.exit == Exit::ok);
}

TEST_CASE("release: --keep-ip or an address outside the pool, is not unassigned") {
  auto asked = support::asked();
  Observation found = all_known();
  SUBCASE("--keep-ip: the account is not read") {
    asked.keep_ip = true;
    found.account = core::NotAsked{};
  }
  SUBCASE("not in the pool") {
    auto& account = std::get<core::Account>(found.account);
    account.ours = support::held_by(support::not_in_pool, support::our_droplet);
  }
  SUBCASE("there is none") {
    found.droplet->floating_ip.reset();
    std::get<core::Account>(found.account).ours.reset();
  }
  const auto plan = core::plan_release(found, asked);
  CHECK(count<core::UnassignFloatingIp>(plan) == 0);
  CHECK(count<core::ReplaceDefault>(plan) == 1);
  CHECK(plan.needs.empty());
  CHECK(plan.ending.exit == Exit::ok);
}

TEST_CASE("release: Lease of an interrupted claim, is released too") {
  Observation found = all_known();
  found.leased_addresses = {support::second_choice};
  CHECK(count<core::ReleaseLease>(core::plan_release(found, support::asked())) == 2);
}

TEST_CASE("release: unreachable server, does not stop the rest") {
  Observation found = all_known();
  SUBCASE("Kubernetes: the address is unassigned, its Lease expires") {
    found.node = core::Unavailable{unreachable};
    const auto plan = core::plan_release(found, support::asked());
    CHECK(count<core::UnassignFloatingIp>(plan) == 1);
    CHECK(count<core::ReleaseLease>(plan) == 0);
    CHECK(plan.ending.exit == Exit::unavailable);
  }
  SUBCASE("DigitalOcean") {
    found.account = core::Unavailable{unreachable};
    const auto plan = core::plan_release(found, support::asked());
    CHECK(count<core::UnassignFloatingIp>(plan) == 0);
    CHECK(plan.ending.message == "cannot release everything: it cannot be reached");
  }
  CHECK(count<core::ReplaceDefault>(core::plan_release(found, support::asked())) == 1);
}

TEST_CASE("release: failed step or another droplet's Node, ends without more steps") {
  Observation found = all_known();
  SUBCASE("a failed step") {
    found.claim_error = core::Error(Exit::os_error, "the kernel refuses");
    CHECK(core::plan_release(found, support::asked()).ending.exit == Exit::os_error);
  }
  SUBCASE("another droplet's") {
    std::get<core::Node>(found.node).provider_id = "digitalocean://1";
    CHECK(core::plan_release(found, support::asked()).ending.exit == Exit::config);
  }
  CHECK(core::plan_release(found, support::asked()).steps.empty());
}

TEST_CASE("release: unknown facts, are read one by one") {
  Observation found;
  found.network = support::converged(support::Topology::classic);
  const auto needs = [&] { return core::plan_release(found, support::asked()).needs; };
  CHECK(needs() == std::vector{core::Need::droplet});
  found.droplet = support::droplet(support::first_choice);
  CHECK(needs() == std::vector{core::Need::node});
  found.node = support::labelled(support::first_choice);
  CHECK(needs() == std::vector{core::Need::account});
}
