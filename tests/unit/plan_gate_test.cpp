// SPDX-License-Identifier: Apache-2.0
#include "core/plan/node.hpp"
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using core::Need;
using core::Taint;
using Lines = std::vector<std::string>;

// The gate taint, and the identity of the Node.

namespace {

const Taint gate{"example.com/egress", "pending", "NoSchedule", ""};
const Taint others{"node.kubernetes.io/unreachable", "", "NoExecute", "2026-11-01T10:00:00Z"};

core::Config gated() {
  auto asked = support::asked();
  asked.gate_taint = gate;
  return asked;
}

core::Node& node(core::Observation& found) {
  return std::get<core::Node>(found.node);
}

// The taints after the last step of a plan.
std::optional<std::vector<Taint>> taints(const core::Plan& plan) {
  REQUIRE_FALSE(plan.steps.empty());
  const auto* patch = std::get_if<core::PatchNode>(&plan.steps.back().action);
  REQUIRE(patch != nullptr);
  return patch->taints;
}

Lines steps(const core::Observation& found, const core::Config& asked) {
  return support::words(core::plan(found, asked).steps, found.network);
}

}  // namespace

TEST_CASE("gate: egress works, one patch removes it and sets the labels; other taints stay") {
  auto found = support::healthy();
  node(found).taints = {gate, others};
  const auto plan = core::plan(found, gated());
  REQUIRE(plan.steps.size() == 1);
  CHECK(taints(plan) == std::vector{others});
  CHECK(plan.steps[0].reason == "taint example.com/egress:NoSchedule is lifted");
}

TEST_CASE("gate: Node with egress and without the taint, is not patched") {
  auto found = support::healthy();
  node(found).taints = {others};
  CHECK(steps(found, gated()).empty());
  node(found).taints = {others, {gate.key, gate.value, "NoExecute", ""}};  // another effect
  CHECK(steps(found, gated()).empty());
}

TEST_CASE("gate: taint with another value, is removed as well") {
  auto found = support::healthy();
  node(found).taints = {{gate.key, "other", gate.effect, ""}};
  CHECK(taints(core::plan(found, gated())) == std::vector<Taint>{});
}

TEST_CASE("gate: address lost, is added before a new claim") {
  auto found = support::healthy();
  found.droplet->floating_ip.reset();
  found.account = support::all_free();
  node(found).taints = {others};
  const Lines planned = steps(found, gated());
  REQUIRE(planned.size() > 3);
  CHECK(planned[0].starts_with("replace-default default via 203.0.113.1"));
  CHECK(
      planned[1] ==
      "label-node pool-egress-8b870 do-outbound-floating-ip- "
      "do-outbound-floating-ip-enabled=false with taints node.kubernetes.io/unreachable:NoExecute "
      "example.com/egress:NoSchedule");
  CHECK(planned[2] == "assign 198.51.100.8 to droplet 758604990");
  CHECK(planned.back() ==
        "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
        "do-outbound-floating-ip-enabled=true with taints "
        "node.kubernetes.io/unreachable:NoExecute");
}

TEST_CASE("gate: new Node, gets it before the claim unless it has it") {
  auto found = support::newcomer();
  CHECK(steps(found, gated())[0].starts_with("label-node"));
  node(found).taints = {gate};
  CHECK(steps(found, gated())[0].starts_with("assign"));
}

TEST_CASE("gate: failed run, keeps it") {
  auto found = support::newcomer();
  node(found).taints = {gate};
  found.claim_error = core::Error(Exit::claim_lost, "gone");
  CHECK_FALSE(taints(core::plan(found, gated())).has_value());
  node(found).taints.clear();
  CHECK(taints(core::plan(found, gated())) == std::vector{gate});
}

TEST_CASE("gate: a taint that a run put there under a former key goes, whatever is asked for now") {
  auto asked = gated();
  asked.gate_taint->value.clear();
  auto found = support::newcomer();
  found.claim_error = core::Error(Exit::pool_exhausted, "none");
  const auto put = taints(core::plan(found, asked));
  REQUIRE(put.has_value());
  REQUIRE(put->size() == 1);

  node(found).taints = {others, put->front()};
  const auto renamed = [&] {
    auto other = asked;
    other.gate_taint->key = "example.com/renamed";
    return other;
  }();
  const auto after = taints(core::plan(found, renamed));
  REQUIRE(after.has_value());
  REQUIRE(after->size() == 2);
  CHECK((*after)[0] == others);
  CHECK((*after)[1].key == "example.com/renamed");
  CHECK(taints(core::plan(found, support::asked())) == std::vector{others});
  CHECK_FALSE(core::taints_for(node(found), asked, core::Gate::put).has_value());

  auto healthy = support::healthy();
  node(healthy).taints = {others, put->front()};
  const auto plan = core::plan(healthy, support::asked());
  CHECK(taints(plan) == std::vector{others});
  CHECK(plan.steps[0].reason == "taint example.com/egress:NoSchedule is lifted");
}

TEST_CASE("gate: no --gate-taint, taints are left alone") {
  auto found = support::newcomer();
  node(found).taints = {gate};
  CHECK_FALSE(taints(core::plan(found, support::asked())).has_value());
}

TEST_CASE("identity: another droplet's Node, nothing is changed") {
  for (auto found : {support::healthy(), support::newcomer()}) {
    node(found).provider_id = "digitalocean://1";
    node(found).labels.clear();
    found.network = support::booted(support::Topology::classic);
    const auto plan = core::plan(found, support::asked());
    CHECK(plan.steps.empty());
    CHECK(plan.needs.empty());
    CHECK(plan.ending.exit == Exit::config);
    CHECK(plan.ending.message ==
          "cannot use Node pool-egress-8b870: it is digitalocean://1, but this is droplet "
          "758604990");
  }
}

TEST_CASE("identity: matching, unknown or foreign provider id, is accepted") {
  auto found = support::healthy();
  for (const std::string id : {"digitalocean://758604990", "", "k3s://node-1"}) {
    node(found).provider_id = id;
    CHECK(core::plan(found, support::asked()).ending.exit == Exit::ok);
  }
}

TEST_CASE("identity: Node not read yet, nothing is written") {
  auto found = support::newcomer();
  found.node = core::NotAsked{};
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::node});
}
