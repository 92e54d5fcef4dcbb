// SPDX-License-Identifier: Apache-2.0
#include "app/verify/verify.hpp"

#include "app/verify/questions.hpp"
#include "cloud/events.hpp"
#include "cloud/kubernetes.hpp"
#include "core/match.hpp"
#include "core/plan/events.hpp"
#include "core/plan/node.hpp"

namespace app {
namespace {

using core::Exit;
using Result = Outcome::Result;

// The Node changes while it is read only if somebody else writes it just then.
constexpr int most_changes = 5;

class Verifier {
 public:
  Verifier(System& system, const Invocation& invocation, Verification& found)
      : system_(system), invocation_(invocation), asked_(invocation.config), found_(found) {
    if (invocation.kubernetes) {
      const Access& access = *invocation.kubernetes;
      kubernetes_.emplace(system.http, access.url, access.ca_file, access.token);
    }
  }

  void run() {
    for (int changes = 0; !try_once(); ++changes) {
      if (changes == most_changes) {
        throw core::Error(Exit::gate_failed, "cannot label Node {}: others keep changing it",
                          asked_.node_name)
            .with_hint("see who does: kubectl get node --output yaml --show-managed-fields " +
                       asked_.node_name);
      }
    }
  }

 private:
  // False if the Node changed meanwhile, and everything must be read again.
  bool try_once() {
    found_.sightings.clear();
    found_.steps.clear();
    found_.ending = {};
    found_.expected = asked_.expected;
    std::optional<io::Http::Ticket> node;
    if (kubernetes_ && (!found_.expected || !asked_.pod_label.empty())) {
      node = system_.http.start(kubernetes_->node_request(asked_.node_name));
    }
    // Side by side with the Node's, so that a good run is one round trip deep.
    Questions questions(system_, invocation_);
    questions.start();
    if (node) {
      read_node(*node);
    }
    if (found_.expected) {
      found_.sightings = questions.insist_on(*found_.expected);
      found_.ending = core::judge_sightings(found_.sightings, *found_.expected);
    }
    return !node_ || asked_.pod_label.empty() || label(questions);
  }

  void read_node(io::Http::Ticket ticket) {
    node_ = core::attempt(fmt::format("read Node {}", asked_.node_name), [&] {
      return kubernetes_->decode_node(asked_.node_name, system_.http.wait(ticket));
    });
    if (found_.expected) {
      return;
    }
    const auto promised = core::promised_address(*node_, asked_);
    if (const auto* ending = std::get_if<core::Ending>(&promised)) {
      found_.ending = *ending;
    } else {
      found_.expected = std::get<core::Ipv4>(promised);
    }
  }

  bool label(const Questions& questions) {
    const bool silent = found_.ending.exit == Exit::unavailable;
    const auto shown = core::judge_pods(found_.ending, silent && questions.internet_answers());
    const auto step = core::label_pods(*node_, asked_, shown);
    const auto before = core::find_label(*node_, asked_.pod_label);
    if (step) {
      found_.steps.push_back({.step = *step});
      if (invocation_.writes == Writes::none) {
        return true;
      }
      const auto& patch = std::get<core::PatchNode>(step->action);
      const auto after = kubernetes_->patch_node(patch, node_->version);
      if (!after) {
        return false;
      }
      node_ = *after;
      found_.steps.back().result = StepRecord::Result::done;
    }
    found_.pods = core::find_label(*node_, asked_.pod_label);
    if (invocation_.writes == Writes::apply) {
      record(core::event_of_pods(before, found_.pods, found_.ending));
    }
    return true;
  }

  // An Event that cannot be written changes nothing about what the pods have shown.
  void record(const std::optional<core::NodeEvent>& event) {
    if (!event) {
      return;
    }
    const auto failure = core::catch_error_except_signals(
        [&] { cloud::write_event(*kubernetes_, *event, asked_.node_name, node_->uid); });
    if (failure) {
      system_.log.write(io::Level::warning, "{}", failure->what());
    }
  }

  System& system_;
  const Invocation& invocation_;
  const core::Config& asked_;
  Verification& found_;
  std::optional<cloud::Kubernetes> kubernetes_ = {};
  std::optional<core::Node> node_ = {};
};

Result result_of(const Verification& found, Writes writes) {
  if (found.ending.exit != Exit::ok) {
    return Result::failed;
  }
  if (found.steps.empty()) {
    return Result::unchanged;
  }
  return writes == Writes::none ? Result::planned : Result::changed;
}

// What the services see tells more than why the Node could not be labelled.
void add_failure(Verification& found, const core::Error& error) {
  if (!found.steps.empty()) {
    found.steps.back().result = StepRecord::Result::failed;
    found.steps.back().detail = error.what();
  }
  const bool signal = error.exit() == Exit::interrupted || error.exit() == Exit::terminated;
  const bool says_less = found.ending.exit == Exit::ok || found.ending.exit == Exit::unavailable;
  if (signal || says_less) {
    const bool labelling = !found.steps.empty() && error.exit() != Exit::no_permission;
    found.ending = {labelling && !signal ? Exit::gate_failed : error.exit(), error.what(),
                    error.hint(), error.retry_after()};
  }
}

}  // namespace

Verification verify(System& system, const Invocation& invocation) {
  const core::Config& asked = invocation.config;
  Verification found{.node = asked.node_name};
  if (!invocation.match.pattern.empty() && !core::is_match(invocation.match, asked.node_name)) {
    found.result = Result::skipped;
    found.ending.message = fmt::format("the name \"{}\" does not match \"{}\"", asked.node_name,
                                       invocation.match.pattern);
    return found;
  }
  const auto failure = core::catch_error([&] { Verifier(system, invocation, found).run(); });
  if (failure) {
    add_failure(found, *failure);
  }
  found.result = result_of(found, invocation.writes);
  found.requests = system.http.counts();
  found.elapsed = system.clock.elapsed();
  return found;
}

}  // namespace app
