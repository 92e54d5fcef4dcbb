// SPDX-License-Identifier: Apache-2.0
// What a run does for pods, in which order, and what it leaves alone.
#include "core/plan/plan.hpp"
#include "core/plan/pod_cure.hpp"
#include "core/plan/pod_stack.hpp"
#include "core/plan/undo.hpp"
#include "core/prefixes.hpp"
#include "support/builders.hpp"
#include "support/fake_kernel.hpp"
#include "support/print.hpp"

#include <algorithm>

using core::Cure;
using core::Need;
using support::prefix;

namespace {

const core::Cilium host_routing{.in_bpf = true, .replaces_kube_proxy = true};
const core::Cilium legacy{.in_bpf = true, .replaces_kube_proxy = true, .legacy_routing = true};
// A node where Cilium takes the public address in BPF.
core::Observation with_cilium(core::Observation found, const core::Cilium& cilium) {
  found.network.links.push_back({9, "cilium_host", ""});
  found.pods = core::PodFacts{.has_cilium = true,
                              .cilium = cilium,
                              .version = core::CiliumVersion{1, 18, "test"},
                              .pod_network = prefix("10.244.1.0/24"),
                              .internal_ip = support::public_address};
  return found;
}

core::Observation about_to_switch(const core::Cilium& cilium) {
  core::Observation found = with_cilium(support::newcomer(), cilium);
  found.droplet = support::droplet(support::first_choice);
  found.account = core::NotAsked{};
  found.path_proven = true;
  found.egress_proven = true;
  return found;
}

template <typename Action>
std::ptrdiff_t place_of(const std::vector<core::Step>& steps) {
  return std::ranges::find_if(
             steps,
             [](const core::Step& step) { return std::holds_alternative<Action>(step.action); }) -
         steps.begin();
}

std::vector<std::uint32_t> rules_added(const std::vector<core::Step>& steps) {
  std::vector<std::uint32_t> priorities;
  for (const core::Step& step : steps) {
    if (const auto* add = std::get_if<core::AddRule>(&step.action)) {
      if (core::is_rule_of_pods(add->rule)) {
        priorities.push_back(add->rule.priority);
      }
    }
  }
  return priorities;
}

// Does all that is planned, as apply would, until nothing is.
void converge(core::Observation& found, const core::Config& asked) {
  support::FakeKernel kernel(found.network);
  for (int round = 0; round < 20; ++round) {
    const auto steps = core::plan(found, asked).steps;
    if (steps.empty()) {
      return;
    }
    for (const core::Step& step : steps) {
      if (const auto* set = std::get_if<core::SetRoute>(&step.action)) {
        kernel.set_route(set->route);
      } else if (const auto* replace = std::get_if<core::ReplaceDefault>(&step.action)) {
        kernel.set_route(replace->route);
      } else if (const auto* add = std::get_if<core::AddRule>(&step.action)) {
        kernel.add_rule(add->rule);
      } else if (const auto* gone = std::get_if<core::RemoveRule>(&step.action)) {
        kernel.remove_rule(gone->rule);
      } else if (const auto* route = std::get_if<core::RemoveRoute>(&step.action)) {
        kernel.remove_route(route->route);
      } else if (const auto* set_many = std::get_if<core::SetDestinations>(&step.action)) {
        kernel.set_destinations(set_many->routes);
      } else if (const auto* gone_many = std::get_if<core::RemoveDestinations>(&step.action)) {
        kernel.remove_destinations(gone_many->routes);
      } else if (const auto* snat = std::get_if<core::SetPodSnat>(&step.action)) {
        kernel.set_pod_snat(snat->snat);
      } else if (std::holds_alternative<core::RemovePodSnat>(step.action)) {
        kernel.remove_pod_snat();
      } else {
        found.node = support::labelled(support::first_choice);
      }
    }
    found.network = kernel.read();
  }
  FAIL("it does not settle");
}

core::Observation cured(const core::Cilium& cilium) {
  core::Observation found = about_to_switch(cilium);
  converge(found, support::asked());
  return found;
}

core::Paths paths_of(const core::Observation& found) {
  return std::get<core::Paths>(core::find_paths(*found.droplet, found.network));
}

}  // namespace

TEST_CASE("plan: before a switch what decides about pods is read, and in a steady run it is not") {
  core::Observation found = about_to_switch(host_routing);
  found.pods.reset();
  CHECK(core::plan(found, support::asked()).needs == std::vector{Need::pods});
  CHECK(core::plan(found, support::asked()).steps.empty());

  core::Observation steady = cured(host_routing);
  steady.pods.reset();
  const core::Plan plan = core::plan(steady, support::asked());
  CHECK(plan.needs.empty());
  CHECK(plan.steps.empty());
  steady.looks = true;
  CHECK(core::plan(steady, support::asked()).needs == std::vector{Need::pods});

  core::Observation elsewhere = about_to_switch(host_routing);
  elsewhere.pods.reset();
  elsewhere.node = core::NoKubernetes{};
  CHECK_FALSE(core::needs_pod_facts(elsewhere, support::asked(), paths_of(elsewhere)));
}

TEST_CASE("plan: the translation comes before the switch, the rules right after it") {
  const auto steps = core::plan(about_to_switch(host_routing), support::asked()).steps;
  const auto replace = place_of<core::ReplaceDefault>(steps);
  CHECK(place_of<core::SetPodSnat>(steps) < replace);
  CHECK(rules_added(steps) == std::vector<std::uint32_t>{17306, 17307, 17308});
  for (auto at = replace; at < replace + 3; ++at) {
    const auto* add =
        std::get_if<core::AddRule>(&steps.at(static_cast<std::size_t>(at) + 1).action);
    REQUIRE(add != nullptr);
    CHECK(core::is_rule_of_pods(add->rule));
  }
  const auto of_legacy = core::plan(about_to_switch(legacy), support::asked()).steps;
  CHECK(rules_added(of_legacy).empty());
  CHECK(place_of<core::SetPodSnat>(of_legacy) < place_of<core::ReplaceDefault>(of_legacy));
}

TEST_CASE("plan: whatever is lost of a cure is asked about and made again") {
  const core::Observation whole = cured(host_routing);
  REQUIRE(whole.network.pod_snat);
  CHECK(whole.network.pod_snat->cure == Cure::stack);
  const auto loses = [&](const auto& lose) {
    core::Observation found = whole;
    lose(found.network);
    found.pods.reset();
    CHECK(core::plan(found, support::asked()).needs == std::vector{Need::pods});
    found.pods = whole.pods;
    CHECK_FALSE(core::plan(found, support::asked()).steps.empty());
    converge(found, support::asked());
    CHECK(found.network == whole.network);
  };
  loses([](core::Network& network) { network.pod_snat.reset(); });
  loses([](core::Network& network) { support::remove_routes_to(network, {}, core::pods_table); });
  for (const std::uint32_t priority : {17306U, 17307U, 17308U}) {
    loses([&](core::Network& network) {
      std::erase_if(network.rules,
                    [&](const core::Rule& rule) { return rule.priority == priority; });
    });
  }
}

TEST_CASE("plan: a cure that Cilium's configuration has made harmful is taken away") {
  core::Observation found = cured(host_routing);
  found.network.links.push_back({11, "lxc4711", ""});
  found.network.routes.push_back(
      {.destination = prefix("10.244.1.7"), .via = {.ifindex = 11}, .protocol = 2, .scope = 253});
  const auto facts = found.pods;
  found.pods.reset();
  CHECK(core::plan(found, support::asked()).needs == std::vector{Need::pods});
  found.pods = facts;
  converge(found, support::asked());
  CHECK_FALSE(found.network.pod_snat);
  CHECK(std::ranges::none_of(found.network.rules, core::is_rule_of_pods));
}

TEST_CASE("plan: what is not known of Cilium any more leaves a cure as it is") {
  core::Observation found = cured(host_routing);
  found.pods->cilium.reset();
  found.pods->cilium_unread = "it may not be read";
  CHECK(core::plan(found, support::asked()).steps.empty());
}

TEST_CASE("plan: --pods off takes a cure away, and refuses nothing") {
  core::Config asked = support::asked();
  asked.pods = core::PodMode::off;
  core::Observation found = cured(legacy);
  converge(found, asked);
  CHECK_FALSE(found.network.pod_snat);
  CHECK(support::default_route(found.network, core::pods_table) == nullptr);
}

TEST_CASE("plan: pods that a switch would cut off end it with 78, and a claim as well") {
  core::Cilium pinned = host_routing;
  pinned.devices = {"eth1"};
  core::Observation found = about_to_switch(pinned);
  found.pods->version = core::CiliumVersion{1, 16, "test"};
  core::Plan plan = core::plan(found, support::asked());
  CHECK(plan.ending.exit == core::Exit::config);
  CHECK(plan.ending.message.find("cut off this node's pods") != std::string::npos);
  CHECK(place_of<core::ReplaceDefault>(plan.steps) == static_cast<long>(plan.steps.size()));

  found.droplet = support::droplet(std::nullopt);
  found.account = support::all_free();
  plan = core::plan(found, support::asked());
  CHECK(plan.ending.exit == core::Exit::config);
  CHECK(place_of<core::AssignFloatingIp>(plan.steps) == static_cast<long>(plan.steps.size()));

  core::Config asked = support::asked();
  asked.pods = core::PodMode::off;
  CHECK(core::plan(found, asked).ending.exit == core::Exit::ok);
}

TEST_CASE("plan: a kernel that takes no translation leaves pods uncured, or ends the run") {
  core::Observation found = about_to_switch(legacy);
  found.pods->incurable = "the kernel has no NAT";
  CHECK(core::plan(found, support::asked()).ending.exit == core::Exit::ok);
  found.pods->cilium->devices = {"eth1"};
  CHECK(core::plan(found, support::asked()).ending.exit == core::Exit::config);
}

TEST_CASE("undo: a cure goes with everything else that is ours") {
  const core::Observation found = cured(host_routing);
  support::FakeKernel kernel(found.network);
  const auto steps = core::undo(found.network, found.droplet);
  CHECK(place_of<core::ReplaceDefault>(steps) == 0);
  CHECK(place_of<core::RemovePodSnat>(steps) < static_cast<long>(steps.size()));
  const auto removed = std::ranges::count_if(steps, [](const core::Step& step) {
    const auto* gone = std::get_if<core::RemoveRule>(&step.action);
    return gone != nullptr && core::is_rule_of_pods(gone->rule);
  });
  CHECK(removed == 3);
  const auto routes = std::ranges::count_if(steps, [](const core::Step& step) {
    const auto* gone = std::get_if<core::RemoveRoute>(&step.action);
    return gone != nullptr && gone->route.table == core::pods_table;
  });
  CHECK(routes == 1);
}

namespace {

core::Config asked_for_partners(core::RouteMode mode) {
  core::Config asked = support::asked();
  asked.route = mode;
  asked.destinations = {prefix("192.0.2.0/24"), prefix("198.18.0.9/32")};
  return asked;
}

std::vector<std::uint32_t> rules_there(const core::Network& network) {
  std::vector<std::uint32_t> priorities;
  for (const core::Rule& rule : core::rules_of_pods(network)) {
    priorities.push_back(rule.priority);
  }
  return priorities;
}

}  // namespace

TEST_CASE("plan: destinations with a cure by the stack, local for pods before any of them opens") {
  const core::Config asked = asked_for_partners(core::RouteMode::destinations);
  core::Observation found = about_to_switch(host_routing);
  const auto steps = core::plan(found, asked).steps;
  const auto opens = std::ranges::find_if(steps, [](const core::Step& step) {
    const auto* set = std::get_if<core::SetDestinations>(&step.action);
    return set != nullptr && set->routes.like.type == core::unicast;
  });
  CHECK(rules_added({steps.begin(), opens}) == std::vector<std::uint32_t>{17296, 17297});
  CHECK(place_of<core::SetPodSnat>(steps) < opens - steps.begin());

  converge(found, asked);
  CHECK(rules_there(found.network) == std::vector<std::uint32_t>{17296, 17297});
  REQUIRE(found.network.pod_destinations.size() == 1);
  CHECK(found.network.pod_destinations.front().destinations == asked.destinations);
  CHECK(found.network.pod_destinations.front().like.type == core::local_type);
}

TEST_CASE("plan: a destination more, and one on --direct, pods' table follows") {
  core::Config asked = asked_for_partners(core::RouteMode::set_default);
  core::Observation found = about_to_switch(host_routing);
  converge(found, asked);
  CHECK(rules_there(found.network) ==
        std::vector<std::uint32_t>{17296, 17297, 17306, 17307, 17308});

  asked.destinations = {prefix("192.0.2.0/24"), prefix("203.0.113.128/25")};
  asked.direct = {prefix("192.0.2.7/32")};
  converge(found, asked);
  const auto& groups = found.network.pod_destinations;
  REQUIRE(groups.size() == 2);
  for (const core::RouteGroup& group : groups) {
    CHECK(group.destinations == (group.like.type == core::throw_type
                                     ? core::Prefixes{prefix("192.0.2.7/32")}
                                     : core::Prefixes(asked.destinations)));
  }
  converge(found, support::asked());
  CHECK(found.network.pod_destinations.empty());
  CHECK(rules_there(found.network) == std::vector<std::uint32_t>{17306, 17307, 17308});
}

TEST_CASE("plan: pods that would reach a destination by the public address end the run with 78") {
  core::Observation found = about_to_switch(host_routing);
  found.pods->version = core::CiliumVersion{1, 16, "test"};
  for (const auto mode : {core::RouteMode::destinations, core::RouteMode::set_default}) {
    core::Config asked = asked_for_partners(mode);
    const core::Plan plan = core::plan(found, asked);
    CHECK(plan.ending.exit == core::Exit::config);
    CHECK(plan.ending.message.find("by the public address") != std::string::npos);
    asked.pods = core::PodMode::off;
    CHECK(core::plan(found, asked).ending.exit == core::Exit::ok);
  }
  CHECK(core::plan(found, support::asked()).ending.exit == core::Exit::ok);
}

TEST_CASE("undo: what leads pods to destinations goes, whether those stay closed or not") {
  core::Observation found = about_to_switch(host_routing);
  converge(found, asked_for_partners(core::RouteMode::destinations));
  for (const auto destinations : {core::Destinations::close, core::Destinations::open}) {
    support::FakeKernel kernel(found.network);
    for (const core::Step& step : core::undo(found.network, found.droplet, destinations)) {
      if (const auto* gone = std::get_if<core::RemoveDestinations>(&step.action)) {
        kernel.remove_destinations(gone->routes);
      } else if (const auto* rule = std::get_if<core::RemoveRule>(&step.action)) {
        kernel.remove_rule(rule->rule);
      }
    }
    CHECK(kernel.network.pod_destinations.empty());
    CHECK(rules_there(kernel.network).empty());
  }
}
