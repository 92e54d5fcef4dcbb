// SPDX-License-Identifier: Apache-2.0
#include "app/run/status.hpp"

#include "app/run/reconcile.hpp"

namespace app {
namespace {

using core::Exit;

// Exit codes that report a finding, not a failure to read.
bool is_finding(Exit exit) {
  return exit == Exit::ok || exit == Exit::changed || exit == Exit::pool_exhausted ||
         exit == Exit::claim_lost || exit == Exit::foreign_ip;
}

}  // namespace

Outcome status(System& system, const Invocation& invocation) {
  Outcome outcome = app::reconcile(system, invocation);
  outcome.command = "status";
  outcome.floating_ip = outcome.held;
  if (outcome.result == Outcome::Result::skipped || !is_finding(outcome.ending.exit) ||
      (outcome.ending.exit == Exit::ok && outcome.steps.empty())) {
    return outcome;
  }
  outcome.result = Outcome::Result::planned;
  outcome.ending.exit = Exit::changed;
  if (outcome.ending.message.empty()) {
    outcome.ending.message = fmt::format("{} {} pending", outcome.steps.size(),
                                         outcome.steps.size() == 1 ? "change is" : "changes are");
    outcome.ending.hint = "run do-egress-ip reconcile";
  }
  return outcome;
}

}  // namespace app
