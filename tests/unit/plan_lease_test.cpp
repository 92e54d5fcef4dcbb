// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using Lines = std::vector<std::string>;

// Claims under a Lease, and without one.

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

TEST_CASE("lease: is held before the address is asked for") {
  auto found = support::newcomer();
  for (const core::Lock lock : {core::Lock::automatic, core::Lock::lease}) {
    const Lines planned = steps(found, locked(lock));
    CHECK(planned[0] == "acquire-lease 198.51.100.8");
    CHECK(planned[1] == "assign 198.51.100.8 to droplet 758604990");
    CHECK(assignment(core::plan(found, locked(lock)))->leased);
  }
  found.leased = {support::first_choice};
  CHECK(steps(found, locked())[0] == "assign 198.51.100.8 to droplet 758604990");
}

TEST_CASE("lease: none where none is wanted, or there is no Kubernetes") {
  auto found = support::newcomer();
  CHECK(steps(found, locked(core::Lock::none))[0].starts_with("assign"));
  CHECK_FALSE(assignment(core::plan(found, locked(core::Lock::none)))->leased);
  found.node = core::NoKubernetes{};
  CHECK(steps(found, locked())[0].starts_with("assign"));
}

TEST_CASE("lease: Kubernetes that is down does not hold a claim up, which says so") {
  auto found = support::newcomer();
  found.node = down();
  const auto plan = core::plan(found, locked());
  REQUIRE(assignment(plan) != nullptr);
  CHECK_FALSE(assignment(plan)->leased);
  CHECK(plan.steps[0].reason.find("; claimed without a Lease, which cannot be had") !=
        std::string::npos);
  CHECK(plan.ending.exit == Exit::gate_failed);
}

TEST_CASE("lease: --lock lease claims nothing without one") {
  auto found = support::newcomer();
  SUBCASE("Kubernetes is down") {
    found.node = down();
  }
  SUBCASE("there can be no Lease") {
    found.no_lease = core::Error(Exit::unavailable, "Kubernetes answered 503: ");
  }
  const auto plan = core::plan(found, locked(core::Lock::lease));
  CHECK(assignment(plan) == nullptr);
  CHECK(plan.ending.exit == Exit::unavailable);
  CHECK(plan.ending.message.starts_with("--lock lease: no address is claimed: "));
}

TEST_CASE("lease: one that is denied is told of at the end, with the egress that there is") {
  auto found = support::newcomer();
  found.no_lease = core::Error(Exit::no_permission, "take the Lease a: denied");
  auto plan = core::plan(found, locked());
  CHECK_FALSE(assignment(plan)->leased);
  found = support::healthy();
  found.no_lease = core::Error(Exit::no_permission, "take the Lease a: denied");
  plan = core::plan(found, locked());
  CHECK(plan.ending.exit == Exit::no_permission);
  CHECK(plan.ending.message == "egress by 198.51.100.8 is in force, but take the Lease a: denied");
}

TEST_CASE("lease: of an address that went to somebody else it is given back, then the next tried") {
  auto found = support::newcomer();
  found.leased = {support::first_choice};
  found.lost = {support::first_choice};
  const Lines planned = steps(found, locked());
  CHECK(planned[0] == "release-lease 198.51.100.8");
  CHECK(planned[1] == "acquire-lease 198.51.100.9");
}

TEST_CASE("lease: of another address than the one that turned out to be ours it is given back") {
  auto found = support::healthy();
  found.leased = {support::second_choice};
  CHECK(steps(found, locked()) == Lines{"release-lease 198.51.100.9"});
  found.leased = {support::first_choice};  // of ours it stays, and expires
  CHECK(steps(found, locked()).empty());
}

TEST_CASE("lease: when every address is leased by others, the claim is lost") {
  auto found = support::newcomer();
  found.lost = {support::first_choice, support::second_choice, support::third_choice};
  const auto plan = core::plan(found, locked());
  CHECK(plan.ending.exit == Exit::claim_lost);
}
