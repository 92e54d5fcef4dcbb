// SPDX-License-Identifier: Apache-2.0
#include "app/run/events.hpp"

#include "cloud/events.hpp"
#include "core/plan/events.hpp"

namespace app {

void announce(Outcome& outcome, Observer& observer) {
  const auto* node = std::get_if<core::Node>(&observer.found().node);
  if (node == nullptr) {
    return;
  }
  std::vector<core::Step> done;
  for (const StepRecord& record : outcome.steps) {
    if (record.result == StepRecord::Result::done) {
      done.push_back(record.step);
    }
  }
  const auto failure = core::failure_of([&] {
    for (const core::NodeEvent& event :
         core::events_of(done, observer.claimed_before(), outcome.floating_ip, outcome.ending)) {
      cloud::record(observer.kubernetes(), event, outcome.node, node->uid);
    }
  });
  if (failure && outcome.ending.exit == core::Exit::ok) {
    const bool rights = failure->exit() == core::Exit::no_permission;
    outcome.ending = {.exit = rights ? core::Exit::no_permission : core::Exit::gate_failed,
                      .message = fmt::format("egress is in force, but {}", failure->what()),
                      .hint = failure->hint()};
  }
}

}  // namespace app
