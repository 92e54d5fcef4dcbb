// SPDX-License-Identifier: Apache-2.0
#include "app/run/events.hpp"

#include "cloud/events.hpp"
#include "core/plan/events.hpp"

namespace app {

namespace {

// The Event of a success says where pods leave, or why a run that looked cannot know.
void add_pods(core::NodeEvent& event, const Outcome& outcome, bool looked) {
  const auto& pods = outcome.pod_egress;
  const bool says = pods && (looked || pods->egress != core::PodSource::unknown);
  if (says && event.type == core::NodeEvent::Type::normal && outcome.floating_ip) {
    event.note += fmt::format("; pods: {}, {}", core::name_of(pods->egress), pods->reason);
  }
}

}  // namespace

void write_events(Outcome& outcome, Observer& observer) {
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
  const auto failure = core::catch_error_except_signals([&] {
    for (core::NodeEvent event :
         core::events_of(done, observer.initial_label(), outcome.floating_ip, outcome.ending)) {
      add_pods(event, outcome, observer.found().pods.has_value());
      cloud::write_event(observer.kubernetes(), event, outcome.node, node->uid);
    }
  });
  if (failure && outcome.ending.exit == core::Exit::ok) {
    const bool rights = failure->exit() == core::Exit::no_permission;
    outcome.ending = {.exit = rights ? core::Exit::no_permission : core::Exit::gate_failed,
                      .message = fmt::format("{}; the egress IP works", failure->what()),
                      .hint = failure->hint()};
  }
}

}  // namespace app
