// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"

#include "app/run/apply.hpp"
#include "app/run/change.hpp"
#include "app/run/events.hpp"
#include "app/run/observe.hpp"
#include "core/plan/node.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/pod_cure.hpp"
#include "core/plan/release.hpp"
#include "core/plan/switch.hpp"

#include <algorithm>

namespace app {
namespace {

using Result = Outcome::Result;

// The longest repair has fewer phases, even if it loses every candidate of a small pool.
constexpr int most_rounds = 200;
constexpr int most_repetitions = 3;

Outcome skipped(const Invocation& invocation) {
  const auto& match = invocation.match;
  const bool regex = match.kind == core::Match::Kind::regex;
  Outcome outcome{.result = Result::skipped,
                  .node = invocation.config.node_name,
                  .pool = invocation.config.pool.size()};
  outcome.ending.message =
      fmt::format("the name \"{}\" {} \"{}\"", invocation.config.node_name,
                  regex ? "does not match" : "does not contain", match.pattern);
  return outcome;
}

// Something reverts a step that is planned again although no error was reported.
void require_progress(const core::Step& next, const std::vector<StepRecord>& records) {
  int repetitions = 0;
  for (const StepRecord& record : records) {
    repetitions += record.step.action == next.action && record.result == StepRecord::Result::done;
  }
  if (repetitions >= most_repetitions) {
    const bool label = std::holds_alternative<core::PatchNode>(next.action);
    throw core::Error(label ? core::Exit::gate_failed : core::Exit::os_error,
                      "cannot keep a change: it was made {} times and does not stay: {}",
                      repetitions, next.reason)
        .with_hint("find the program that writes the same routes or labels, or use --route none");
  }
}

void add_planned(const core::Plan& plan, const System& system, const core::Network& network,
                 Outcome& outcome) {
  for (const core::Step& step : plan.steps) {
    outcome.steps.push_back({.step = step, .result = StepRecord::Result::planned});
    show_step(system, outcome.steps.back(), network);
  }
}

// Whether the plan writes anything: a plan that does not needs only the droplet and its Node.
bool changes_something(const core::Plan& plan) {
  return !plan.steps.empty() || std::ranges::any_of(plan.needs, [](core::Need need) {
    return need != core::Need::droplet && need != core::Need::node;
  });
}

using Planner = core::Plan (*)(const core::Observation& found, const core::Config& asked);

// Observes, plans and applies until a plan has no steps or needs. Returns that plan.
core::Plan converge(Planner planner, System& system, const Invocation& invocation,
                    Observer& observer, std::vector<StepRecord>& records) {
  const bool may_write = invocation.writes == Writes::apply;
  observer.read_network();
  if (may_write && invocation.config.route != core::RouteMode::none &&
      !core::is_confirmed(observer.found().network, invocation.config)) {
    observer.take_turn();  // before reading what would have to be read again
  }
  for (int round = 0; round < most_rounds; ++round) {
    system.clock.check();
    core::Plan plan = planner(observer.found(), invocation.config);
    if (may_write && !observer.has_turn() && changes_something(plan)) {
      observer.take_turn();
    } else if (may_write && !plan.steps.empty()) {
      require_progress(plan.steps.front(), records);
      apply_leading_steps(plan, system, invocation, observer, records);
    } else if (!plan.needs.empty()) {
      observer.read_facts(plan.needs);
    } else {
      return plan;
    }
  }
  throw core::Error(core::Exit::try_again, "cannot finish: nothing settled after {} rounds",
                    most_rounds)
      .with_hint("run again; other droplets or programs keep changing the same things");
}

// Rolls back an unconfirmed switch after an error or a signal, whatever else is asked. A confirmed
// default stays.
void undo_unconfirmed(System& system, const Invocation& invocation, const Observer& observer,
                      Outcome& outcome) {
  core::Network now;
  const auto unread = core::catch_error([&] { now = system.kernel.read(); });
  if (!unread && core::is_egress_shown(now, invocation.config)) {
    return;
  }
  const bool release = invocation.command == Command::release;
  Undo undone = undo(system.kernel, observer.found().droplet,
                     release ? core::Destinations::open : core::Destinations::close);
  for (StepRecord& record : undone.steps) {
    record.rollback = true;
    show_step(system, record, observer.found().network);
  }
  outcome.steps.insert(outcome.steps.end(), undone.steps.begin(), undone.steps.end());
  outcome.floating_ip.reset();
  if (undone.failure) {
    outcome.ending = {.exit = core::Exit::degraded,
                      .message = fmt::format("{}; cannot roll back routes and rules: {}",
                                             outcome.ending.message, undone.failure->what()),
                      .hint =
                          "put the default route back: do-egress-ip release --keep-ip, or by hand "
                          "(ip route, ip rule)"};
  }
}

bool is_signal(core::Exit exit) {
  return exit == core::Exit::interrupted || exit == core::Exit::terminated;
}

Result result_of(const Outcome& outcome, Writes writes) {
  if (outcome.ending.exit != core::Exit::ok) {
    return Result::failed;
  }
  if (outcome.steps.empty()) {
    return Result::unchanged;
  }
  return writes == Writes::none ? Result::planned : Result::changed;
}

std::map<std::string, std::string> our_labels(const core::Node& node, const core::Config& asked) {
  std::map<std::string, std::string> ours;
  for (const auto& label : node.labels) {
    if (label.first == asked.enabled_label || label.first == asked.address_label ||
        label.first == asked.pod_label) {
      ours.insert(label);
    }
  }
  return ours;
}

// The address that the droplet holds, or else the one that it would claim.
std::optional<core::Ipv4> address_to_lease(const Outcome& outcome, const core::Observation& found) {
  if (const auto held = core::held_address(found)) {
    return held;
  }
  for (const StepRecord& record : outcome.steps) {
    if (const auto* acquire = std::get_if<core::AcquireLease>(&record.step.action)) {
      return acquire->address;
    }
  }
  return std::nullopt;
}

// `status` reads the Lease if something differs, or with -v: a steady run sends no request for it.
void add_lease(Outcome& outcome, const Invocation& invocation, Observer& observer) {
  const bool steady = outcome.steps.empty() && outcome.ending.exit == core::Exit::ok;
  const bool asked = !steady || invocation.log_level == io::Level::debug;
  const auto address = address_to_lease(outcome, observer.found());
  if (invocation.command == Command::status && asked && address &&
      std::holds_alternative<core::Node>(observer.found().node)) {
    outcome.lease = observer.read_lease(*address);
  }
}

// Adds the droplet, its address, and the Node's labels and gate taint.
void add_facts(Outcome& outcome, const core::Observation& found, const core::Config& asked) {
  outcome.droplet = found.droplet;
  outcome.network = found.network;
  outcome.held = core::held_address(found);
  if (const auto* node = std::get_if<core::Node>(&found.node)) {
    outcome.node_is_known = true;
    outcome.labels = our_labels(*node, asked);
    if (asked.gate_taint) {
      outcome.gate = GateState{*asked.gate_taint, core::is_gated(*node, asked)};
    }
    if (const auto pods = outcome.labels.find(asked.pod_label); pods != outcome.labels.end()) {
      outcome.pods = pods->second == "true";
    }
  }
}

Outcome run(Planner planner, System& system, const Invocation& invocation) {
  Outcome outcome{.node = invocation.config.node_name, .pool = invocation.config.pool.size()};
  Observer observer(system, invocation);
  const auto failure = core::catch_error([&] {
    const core::Plan last = converge(planner, system, invocation, observer, outcome.steps);
    add_planned(last, system, observer.found().network, outcome);
    outcome.floating_ip = last.floating_ip;
    outcome.ending = last.ending;
  });
  if (failure) {
    outcome.ending = {failure->exit(), failure->what(), failure->hint(), failure->retry_after()};
    if (observer.has_turn() && invocation.config.route != core::RouteMode::none) {
      undo_unconfirmed(system, invocation, observer, outcome);
    }
  }
  if (planner == core::plan) {
    outcome.pod_egress = core::where_pods_leave(observer.found(), invocation.config,
                                                invocation.writes == Writes::none);
  }
  if (invocation.writes == Writes::apply && !is_signal(outcome.ending.exit)) {
    write_events(outcome, observer);
  }
  add_lease(outcome, invocation, observer);
  outcome.result = result_of(outcome, invocation.writes);
  add_facts(outcome, observer.found(), invocation.config);
  outcome.requests = system.http.counts();
  outcome.replies = system.http.replies();
  outcome.elapsed = system.clock.elapsed();
  return outcome;
}

}  // namespace

Outcome reconcile(System& system, const Invocation& invocation) {
  if (!core::is_match(invocation.match, invocation.config.node_name)) {
    return skipped(invocation);
  }
  return run(core::plan, system, invocation);
}

Outcome release(System& system, const Invocation& invocation) {
  const bool matches = core::is_match(invocation.match, invocation.config.node_name);
  Outcome outcome = matches ? run(core::plan_release, system, invocation) : skipped(invocation);
  outcome.command = "release";
  return outcome;
}

}  // namespace app
