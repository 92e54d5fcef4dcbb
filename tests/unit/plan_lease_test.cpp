// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using Lines = std::vector<std::string>;

// Claims with and without a Lease.

namespace {

core::Config locked(core::Lock lock = core::Lock::automatic) {
  auto asked = support::asked();
  asked.lock = lock;
  return asked;
}

Lines steps(const core::Observation& found, const core::Config& asked) {
  return support::words(core::plan(found, asked).steps, found.network);
}

const core::AssignFloatingIp* assignment(const core::Plan& plan) {
  for (const core::Step& step : plan.steps) {
    if (const auto* action = std::get_if<core::AssignFloatingIp>(&step.action)) {
      return action;
    }
  }
  return nullptr;
}

core::Unavailable down() {
  return {core::Error(Exit::unavailable, "read Node n: no route to host")};
}

}  // namespace

TEST_CASE("lease: claim, is acquired before the POST") {
  auto found = support::newcomer();
  for (const core::Lock lock : {core::Lock::automatic, core::Lock::lease}) {
    const Lines planned = steps(found, locked(lock));
    CHECK(planned[0] == "acquire-lease 198.51.100.8");
    CHECK(planned[1] == "assign 198.51.100.8 to droplet 758604990");
    CHECK(assignment(core::plan(found, locked(lock)))->under_lease);
  }
  found.leased_addresses = {support::first_choice};
  CHECK(steps(found, locked())[0] == "assign 198.51.100.8 to droplet 758604990");
}

TEST_CASE("lease: --lock none or no Kubernetes, is not acquired") {
  auto found = support::newcomer();
  CHECK(steps(found, locked(core::Lock::none))[0].starts_with("assign"));
  CHECK_FALSE(assignment(core::plan(found, locked(core::Lock::none)))->under_lease);
  found.node = core::NoKubernetes{};
  CHECK(steps(found, locked())[0].starts_with("assign"));
}

TEST_CASE("lease: Kubernetes down, claims without one and says so") {
  auto found = support::newcomer();
  found.node = down();
  const auto plan = core::plan(found, locked());
  REQUIRE(assignment(plan) != nullptr);
  CHECK_FALSE(assignment(plan)->under_lease);
  CHECK(plan.steps[0].reason.find("; no Lease is available") != std::string::npos);
  CHECK(plan.ending.exit == Exit::gate_failed);
}

TEST_CASE("lease: --lock lease without a Lease, claims nothing") {
  auto found = support::newcomer();
  SUBCASE("Kubernetes is down") {
    found.node = down();
  }
  SUBCASE("the Lease is denied") {
    found.lease_error = core::Error(Exit::unavailable, "Kubernetes answered 503: ");
  }
  const auto plan = core::plan(found, locked(core::Lock::lease));
  CHECK(assignment(plan) == nullptr);
  CHECK(plan.ending.exit == Exit::unavailable);
  CHECK(plan.ending.message.starts_with("cannot claim an address without a Lease: "));
}

TEST_CASE("lease: denied, nothing is claimed and an egress that works stays") {
  auto found = support::newcomer();
  found.lease_error = core::Error(Exit::no_permission, "take the Lease a: denied");
  auto plan = core::plan(found, locked());
  CHECK(assignment(plan) == nullptr);
  CHECK(plan.ending.exit == Exit::no_permission);
  CHECK(plan.ending.message == "cannot claim an address: take the Lease a: denied");
  found = support::healthy();
  found.lease_error = core::Error(Exit::no_permission, "take the Lease a: denied");
  plan = core::plan(found, locked());
  CHECK(plan.ending.exit == Exit::no_permission);
  CHECK(plan.ending.message == "take the Lease a: denied; egress IP 198.51.100.8 works");
}

TEST_CASE("rights: not asked yet, are read with the account or once the Node is known") {
  auto found = support::newcomer();
  found.rights = core::NotAsked{};
  CHECK(core::plan(found, locked()).needs == std::vector{core::Need::rights});
  found.account = core::NotAsked{};
  CHECK(core::plan(found, locked()).needs == std::vector{core::Need::account, core::Need::rights});
  found.node = core::NoKubernetes{};
  CHECK(core::plan(found, locked()).needs == std::vector{core::Need::account});
}

TEST_CASE("lease: address lost, is released before the next candidate") {
  auto found = support::newcomer();
  found.leased_addresses = {support::first_choice};
  found.lost_candidates = {support::first_choice};
  const Lines planned = steps(found, locked());
  CHECK(planned[0] == "release-lease 198.51.100.8");
  CHECK(planned[1] == "acquire-lease 198.51.100.9");
}

TEST_CASE("lease: droplet already holds another address, is released") {
  auto found = support::healthy();
  found.leased_addresses = {support::second_choice};
  CHECK(steps(found, locked()) == Lines{"release-lease 198.51.100.9"});
  found.leased_addresses = {support::first_choice};  // our own Lease stays and expires
  CHECK(steps(found, locked()).empty());
}

TEST_CASE("lease: every address leased by others, ends with claim-lost") {
  auto found = support::newcomer();
  found.lost_candidates = {support::first_choice, support::second_choice, support::third_choice};
  const auto plan = core::plan(found, locked());
  CHECK(plan.ending.exit == Exit::claim_lost);
}
