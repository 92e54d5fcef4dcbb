// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/fake_kernel.hpp"
#include "support/print.hpp"

#include <algorithm>
#include <functional>

using support::Topology;
using Lines = std::vector<std::string>;

// From every state, the steps lead to a state without steps when they are applied one by one to a
// kernel that behaves like Linux. A dry run shows exactly those steps.

namespace {

class World {
 public:
  explicit World(core::Observation start) : found(std::move(start)), kernel_(found.network) {
    found.network = kernel_.read();
  }

  // One step per round, as if each run was killed after it.
  Lines run() {
    Lines done;
    for (int round = 0; round < 40; ++round) {
      const auto plan = core::plan(found, support::asked());
      if (plan.steps.empty() && !plan.needs.empty()) {
        prove(plan.needs.front());
        continue;
      }
      if (plan.steps.empty()) {
        return done;
      }
      done.push_back(support::words({plan.steps.at(0)}, found.network).front());
      std::visit([this](const auto& action) { perform(action); }, plan.steps.at(0).action);
      found.network = kernel_.read();
    }
    return {"never ends"};
  }

  core::Observation found;

 private:
  void prove(core::Need need) {
    REQUIRE((need == core::Need::path || need == core::Need::egress));
    (need == core::Need::path ? found.path_proven : found.egress_proven) = true;
  }
  void perform(const core::SetRoute& action) { kernel_.set_route(action.route); }
  void perform(const core::RemoveRoute& action) { kernel_.remove_route(action.route); }
  void perform(const core::AddRule& action) { kernel_.add_rule(action.rule); }
  void perform(const core::RemoveRule& action) { kernel_.remove_rule(action.rule); }
  void perform(const core::SetMarking& action) { kernel_.set_marking(action.address); }
  void perform(const core::RemoveMarking&) { kernel_.remove_marking(); }
  void perform(const core::SetPodSnat& action) { kernel_.set_pod_snat(action.snat); }
  void perform(const core::RemovePodSnat&) { kernel_.remove_pod_snat(); }
  void perform(const core::ReplaceDefault& action) { kernel_.set_route(action.route); }
  void perform(const core::SetDestinations& action) { kernel_.set_destinations(action.routes); }
  void perform(const core::RemoveDestinations& action) {
    kernel_.remove_destinations(action.routes);
  }
  void perform(const core::AcquireLease& action) { found.leased_addresses.insert(action.address); }
  void perform(const core::ReleaseLease& action) { found.leased_addresses.erase(action.address); }
  void perform(const core::AssignFloatingIp& action) {
    std::get<core::Account>(found.account).ours = support::held_by(action.address, action.droplet);
  }
  void perform(const core::UnassignFloatingIp&) {
    std::get<core::Account>(found.account).ours.reset();
  }
  void perform(const core::PatchNode& action) {
    auto& node = std::get<core::Node>(found.node);
    node.taints = action.taints.value_or(node.taints);
    auto& labels = node.labels;
    for (const auto& [key, value] : action.labels) {
      labels.erase(key);
      if (value) {
        labels[key] = *value;
      }
    }
  }

  support::FakeKernel kernel_;
};

using Spoil = std::function<void(core::Observation&, Topology)>;

struct State {
  std::string name;
  Spoil spoil;
};

void lose_address(core::Observation& found, Topology = {}) {
  found.droplet = support::droplet(std::nullopt);
  found.account = support::all_free();
}

const std::vector<State> states = {
    {"nothing is wrong", [](auto&, Topology) {}},
    {"the address was lost", lose_address},
    {"every route was flushed",
     [](auto& found, Topology) {
       std::erase_if(found.network.routes, [](const auto& route) { return route.protocol != 2; });
     }},
    {"the droplet rebooted",
     [](auto& found, Topology topology) { found.network = support::booted(topology); }},
    {"the address was lost and the routes were flushed",
     [](auto& found, Topology) {
       lose_address(found);
       std::erase_if(found.network.routes, [](const auto& route) { return route.protocol != 2; });
     }},
    {"somebody put a default in front",
     [](auto& found, Topology) {
       support::default_route(found.network)->metric = 50;
       found.network.routes.push_back(
           {.via = {support::public_gateway, support::eth0}, .protocol = 3});
     }},
    {"the reply route leads elsewhere",
     [](auto& found, Topology) {
       support::default_route(found.network, core::public_table)->via = {support::private_gateway,
                                                                         support::eth1};
     }},
    {"a run was killed before it confirmed its switch",
     [](auto& found, Topology) {
       support::default_route(found.network)->protocol = core::unconfirmed_protocol;
     }},
    {"a run was killed before its switch",
     [](auto& found, Topology topology) {
       core::Network before = support::booted(topology);
       *support::default_route(found.network) = *support::default_route(before);
     }},
    {"the rules are those of an earlier public address",
     [](auto& found, Topology) {
       for (core::Rule& rule : found.network.rules) {
         if (rule.protocol == core::our_protocol) {
           rule.source = support::prefix("203.0.113.77");
         }
       }
     }},
    {"metadata is reached by another source",
     [](auto& found, Topology) {
       support::route_to(found.network, support::prefix("169.254.169.254"))->source.reset();
     }},
    {"a direct route of an earlier run is left",
     [](auto& found, Topology) {
       found.network.routes.push_back({.destination = support::prefix("192.0.2.0/24"),
                                       .via = {support::public_gateway, support::eth0},
                                       .source = support::public_address});
     }},
    {"the Node has no labels", [](auto& found, Topology) { found.node = core::Node{}; }},
};

}  // namespace

TEST_CASE("plan: every state of every topology, ends with egress through the anchor") {
  for (const Topology topology : support::every_topology) {
    for (const State& state : states) {
      CAPTURE(support::name_of(topology));
      CAPTURE(state.name);
      auto start = support::healthy(topology);
      start.account =
          core::Account{.pool = support::all_free().pool,
                        .ours = support::held_by(support::first_choice, support::our_droplet),
                        .shows_droplets = true};
      state.spoil(start, topology);
      World world(start);
      CHECK(world.run() != Lines{"never ends"});
      const auto last = core::plan(world.found, support::asked());
      CHECK(last.needs.empty());
      CHECK(last.ending.exit == core::Exit::ok);
      CHECK(last.floating_ip == support::first_choice);
      const auto wanted = support::converged(topology);
      CHECK(world.found.network.leaves_by == wanted.leaves_by);
      const auto* replies = support::default_route(world.found.network, core::public_table);
      REQUIRE(replies != nullptr);
      CHECK(replies->via.gateway == support::public_gateway);
      const auto ours = [](const core::Rule& rule) { return rule.protocol == core::our_protocol; };
      const bool agent = support::default_route(world.found.network, 135) != nullptr;
      CHECK(std::ranges::count_if(world.found.network.rules, ours) == (agent ? 3 : 5));
      CHECK(support::route_to(world.found.network, support::prefix("169.254.169.254"))->source ==
            support::public_address);
    }
  }
}

TEST_CASE("plan: dry run, shows every step that a run then performs") {
  for (const Topology topology : support::every_topology) {
    for (const State& state : states) {
      CAPTURE(support::name_of(topology));
      CAPTURE(state.name);
      auto start = support::healthy(topology);
      state.spoil(start, topology);
      start.path_proven = start.egress_proven = true;  // like a dry run
      World world(start);
      const auto foretold =
          support::words(core::plan(world.found, support::asked()).steps, world.found.network);
      CHECK(foretold == world.run());
    }
    CAPTURE(support::name_of(topology));
    auto start = support::newcomer(topology);
    start.path_proven = start.egress_proven = true;
    World newcomer(start);
    const auto foretold =
        support::words(core::plan(newcomer.found, support::asked()).steps, newcomer.found.network);
    CHECK(foretold == newcomer.run());
  }
}
