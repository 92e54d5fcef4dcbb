// SPDX-License-Identifier: Apache-2.0
#include "core/plan/events.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using Lines = std::vector<std::string>;

namespace {

const core::Step assigned{core::AssignFloatingIp{support::first_choice, support::our_droplet}, ""};
const core::Step labelled{core::PatchNode{"n", {}, {}}, ""};
const core::Step switched{core::ReplaceDefault{}, ""};

Lines told(const std::vector<core::Step>& done, const std::string& claimed,
           const std::optional<core::Ipv4>& now, const core::Ending& ending = {}) {
  Lines lines;
  for (const core::NodeEvent& event : core::events_of(done, claimed, now, ending)) {
    lines.push_back((event.type == core::NodeEvent::Type::warning ? "! " : "") + event.reason +
                    ": " + event.note);
  }
  return lines;
}

}  // namespace

TEST_CASE("events: run without a change, writes none") {
  CHECK(told({}, "198.51.100.8", support::first_choice).empty());
  CHECK(told({}, "", std::nullopt, {.exit = Exit::try_again, .message = "busy"}).empty());
  CHECK(told({}, "", std::nullopt, {.exit = Exit::unavailable, .message = "down"}).empty());
}

TEST_CASE("events: changes, are written one by one") {
  CHECK(told({assigned, switched, labelled}, "", support::first_choice) ==
        Lines{"EgressIPAssigned: egress IP 198.51.100.8 assigned to droplet 758604990 and proven"});
  CHECK(told({switched}, "198.51.100.8", support::first_choice) ==
        Lines{"EgressRouteRepaired: default route repaired; egress IP 198.51.100.8"});
  CHECK(told({switched, labelled, assigned, labelled}, "198.51.100.9", support::first_choice) ==
        Lines{"! EgressIPLost: the droplet no longer holds 198.51.100.9",
              "EgressIPAssigned: egress IP 198.51.100.8 assigned to droplet 758604990 and proven"});
  CHECK(told({labelled}, "198.51.100.8", support::first_choice).empty());
  const core::Step unassigned{core::UnassignFloatingIp{support::first_choice, 1}, ""};
  CHECK(told({labelled, switched, unassigned}, "198.51.100.8", std::nullopt) ==
        Lines{"EgressIPReleased: released 198.51.100.8 from droplet 1"});
}

TEST_CASE("events: ending that needs attention, is written as a warning") {
  for (const auto& [exit, reason] : {std::pair{Exit::pool_exhausted, "PoolExhausted"},
                                     {Exit::claim_lost, "ClaimLost"},
                                     {Exit::foreign_ip, "ForeignIP"},
                                     {Exit::rolled_back, "RolledBack"},
                                     {Exit::degraded, "Degraded"},
                                     {Exit::config, "EgressIPFailed"},
                                     {Exit::no_permission, "EgressIPFailed"},
                                     {Exit::os_error, "EgressIPFailed"},
                                     {Exit::software, "EgressIPFailed"}}) {
    CHECK(told({}, "", std::nullopt, {.exit = exit, .message = "what", .hint = "do"}) ==
          Lines{fmt::format("! {}: what: do", reason)});
  }
}
