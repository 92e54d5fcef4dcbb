// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>
#include <functional>

using app::Outcome;
using core::Exit;
using support::Rig;
using support::Topology;

// A run that ends at any point leaves no wrong label, and the next run finishes the work.

namespace {

struct Start {
  std::string name;
  std::function<void(Rig&)> prepare;
};

const std::vector<Start> starts = {
    {"a new droplet", [](Rig&) {}},
    {"a new node with pods",
     [](Rig& rig) {
       rig.kernel.network = support::forwarding(support::booted(Topology::classic));
     }},
    {"a slow assignment", [](Rig& rig) { rig.cloud.latency = io::Duration{3'000}; }},
    {"a lost address",
     [](Rig& rig) {
       rig.converge();
       rig.cloud.addresses[support::first_choice].holder.reset();
     }},
    {"an address that somebody else has now",
     [](Rig& rig) {
       rig.converge();
       rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
     }},
    {"a reboot",
     [](Rig& rig) {
       rig.converge();
       rig.kernel.network = support::booted(Topology::classic);
     }},
};

bool label_true(Rig& rig) {
  return rig.cloud.labels["do-outbound-floating-ip-enabled"] == "true";
}

// Label true promises that traffic uses the address in the other label.
bool egress_in_force(Rig& rig) {
  return rig.kernel.read().leaves_by[0].hop.gateway == support::anchor_gateway &&
         rig.cloud.held() &&
         rig.cloud.labels["do-outbound-floating-ip"] == rig.cloud.held()->to_string();
}

void check_finished(Rig& rig) {
  rig.clock.signal.reset();
  rig.clock.signal_at_check = 0;
  rig.clock.now += std::chrono::hours{1};
  const Outcome next = rig.run();
  CHECK(next.ending.exit == Exit::ok);
  CHECK(label_true(rig));
  CHECK(egress_in_force(rig));
  CHECK(rig.cloud.thefts.empty());
  CHECK(rig.run().result == Outcome::Result::unchanged);
}

}  // namespace

TEST_CASE("reconcile: signal at any point, the next run finishes the work") {
  for (const Start& start : starts) {
    CAPTURE(start.name);
    Exit exit = Exit::terminated;
    int point = 1;
    for (; exit == Exit::terminated; ++point) {
      CAPTURE(point);
      REQUIRE(point < 200);
      Rig rig;
      start.prepare(rig);
      rig.clock.signal_at_check = point;
      const bool lied_before = label_true(rig) && !egress_in_force(rig);
      exit = rig.run().ending.exit;
      CHECK((exit == Exit::terminated || exit == Exit::ok));
      CHECK((lied_before || !label_true(rig) || egress_in_force(rig)));
      check_finished(rig);
    }
    CHECK(point > 5);
  }
}

// Fails at the n-th request, like a kill or a broken connection.
TEST_CASE("reconcile: connection lost at any request, the next run finishes the work") {
  for (const Start& start : starts) {
    for (const bool took_effect : {false, true}) {
      CAPTURE(start.name);
      CAPTURE(took_effect);
      bool reached = true;
      for (int point = 1; reached; ++point) {
        CAPTURE(point);
        REQUIRE(point < 200);
        Rig rig;
        start.prepare(rig);
        int count = 0;
        const auto cut = [&] { return ++count >= point; };
        if (took_effect) {
          rig.cloud.afterwards = [&](const io::Request&, support::Reply& reply) {
            reply = cut() ? support::no_reply() : reply;
          };
        } else {
          rig.cloud.fault = [&](const io::Request&) {
            return cut() ? std::optional(support::no_reply()) : std::nullopt;
          };
        }
        rig.run();
        reached = count >= point;
        rig.cloud.fault = {};
        rig.cloud.afterwards = {};
        check_finished(rig);
      }
    }
  }
}

// A default that the kernel cannot store exactly is not changed: 78.
TEST_CASE("reconcile: kernel refuses any change, the next run finishes the work") {
  const auto keeps_a_copy = [](const app::StepRecord& record) {
    const auto* set = std::get_if<core::SetRoute>(&record.step.action);
    return record.result == app::StepRecord::Result::failed && set != nullptr &&
           set->route.table == core::memory_table;
  };
  for (const Start& start : starts) {
    CAPTURE(start.name);
    bool reached = true;
    for (std::size_t point = 0; reached; ++point) {
      CAPTURE(point);
      Rig rig;
      start.prepare(rig);
      rig.kernel.refuse_change = point;
      const bool lied_before = label_true(rig) && !egress_in_force(rig);
      const Outcome outcome = rig.run();
      reached = rig.kernel.changes.size() > point;
      const bool no_copy = std::ranges::any_of(outcome.steps, keeps_a_copy);
      const Exit refused = no_copy ? Exit::config : Exit::os_error;
      CHECK((outcome.ending.exit == refused || outcome.ending.exit == Exit::ok));
      CHECK((lied_before || !label_true(rig) || egress_in_force(rig)));
      rig.kernel.refuse_change.reset();
      check_finished(rig);
    }
  }
}
