// SPDX-License-Identifier: Apache-2.0
#include "core/plan/switch.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

using app::Outcome;
using core::Exit;
using io::Guard;
using support::Rig;

// Only one run at a time changes a node; also what its guard did meanwhile.

namespace {

bool is_confirmed(const Rig& rig) {
  return core::is_confirmed(rig.kernel.network, rig.invocation.config);
}

}  // namespace

TEST_CASE("turn: another run, waits for it and reads everything again") {
  Rig rig;
  rig.locks.held_by_another = 3;
  rig.locks.on_take = [&] { rig.converge(); };  // what the other run left
  const Outcome outcome = rig.run();
  CHECK(outcome.result == Outcome::Result::unchanged);
  CHECK(outcome.floating_ip == support::first_choice);
  CHECK(rig.clock.slept.size() == 3);
  CHECK(rig.kernel.changes.empty());
  CHECK(support::api_calls(rig.http).empty());
}

TEST_CASE("turn: repair, holds the lock from its first change to its end") {
  Rig rig;
  rig.kernel.meddler = [&](core::Network&) { CHECK(rig.locks.held == 1); };
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.locks.taken == 1);
  CHECK(rig.locks.held == 0);
  CHECK(rig.guards.locked);
  CHECK(rig.guards.given > rig.clock.deadline() - io::Duration{10'000});
  CHECK(rig.guards.given < rig.clock.deadline() + io::Duration{700});  // before the timer
}

TEST_CASE("turn: label patch alone, needs the lock as well") {
  Rig rig;
  rig.converge();
  rig.cloud.labels.clear();
  rig.locks.on_take = [&] { rig.cloud.labels = support::labelled(support::first_choice).labels; };
  CHECK(rig.run().result == Outcome::Result::unchanged);
  CHECK(rig.locks.taken == 1);
}

TEST_CASE("turn: other run does not end in time, is reported without a change") {
  Rig rig;
  rig.locks.held_by_another = 1'000'000;
  SUBCASE("nothing is known yet") {}
  SUBCASE("a label must be repaired") {
    rig.converge();
    rig.cloud.labels.clear();
  }
  const auto labels = rig.cloud.labels;
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::try_again);
  CHECK(outcome.ending.message == "cannot change this node: another run is changing it");
  CHECK(rig.kernel.changes.empty());
  CHECK(rig.cloud.labels == labels);
  CHECK(support::api_calls(rig.http).empty());
}

TEST_CASE("turn: kernel without such a lock, goes on without it") {
  Rig rig;
  rig.locks.failure = core::Error(Exit::os_error, "lock the node's network: Not supported");
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(is_confirmed(rig));
  CHECK_FALSE(rig.guards.locked);
}

TEST_CASE("turn: run without a change, takes no lock") {
  Rig rig;
  SUBCASE("a steady run") {
    rig.converge();
  }
  SUBCASE("a dry run") {
    rig.invocation.writes = app::Writes::none;
  }
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.locks.asked == 0);
}

TEST_CASE("guard: undid the switch meanwhile, ends with try-again and everything undone") {
  Rig rig;
  const core::Network before = rig.kernel.read();
  rig.guards.end = Guard::End::undone;
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::try_again);
  CHECK(support::to_text(rig.kernel.read()) == support::to_text(before));
  CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
  CHECK(rig.locks.held == 0);
}

TEST_CASE("guard: killed, a proven run goes on") {
  Rig rig;
  rig.guards.end = Guard::End::missing;
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(is_confirmed(rig));
  CHECK(rig.guards.standing == 0);
}
