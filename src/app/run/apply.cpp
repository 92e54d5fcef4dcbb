// SPDX-License-Identifier: Apache-2.0
#include "app/run/apply.hpp"

#include "app/run/change.hpp"
#include "app/run/claim.hpp"
#include "cloud/leases.hpp"
#include "cloud/metadata.hpp"
#include "core/plan/node.hpp"

#include <span>

namespace app {
namespace {

enum class Kind { lease, claim, network, turn, confirmation, node };

struct KindOf {
  Kind operator()(const core::SetRoute&) const { return Kind::network; }
  Kind operator()(const core::RemoveRoute&) const { return Kind::network; }
  Kind operator()(const core::AddRule&) const { return Kind::network; }
  Kind operator()(const core::RemoveRule&) const { return Kind::network; }
  Kind operator()(const core::SetMarking&) const { return Kind::network; }
  Kind operator()(const core::RemoveMarking&) const { return Kind::network; }
  Kind operator()(const core::SetPodSnat&) const { return Kind::network; }
  Kind operator()(const core::RemovePodSnat&) const { return Kind::network; }
  Kind operator()(const core::ReplaceDefault& action) const {
    return action.route.protocol == core::unconfirmed_protocol ? Kind::turn
           : action.route.protocol == core::our_protocol       ? Kind::confirmation
                                                               : Kind::network;
  }
  Kind operator()(const core::SetDestinations& action) const {
    const core::Route& like = action.routes.like;
    return like.protocol == core::unconfirmed_protocol ? Kind::turn
           : like.type == core::unicast                ? Kind::confirmation
                                                       : Kind::network;
  }
  Kind operator()(const core::RemoveDestinations&) const { return Kind::network; }
  Kind operator()(const core::AcquireLease&) const { return Kind::lease; }
  Kind operator()(const core::ReleaseLease&) const { return Kind::lease; }
  Kind operator()(const core::AssignFloatingIp&) const { return Kind::claim; }
  Kind operator()(const core::UnassignFloatingIp&) const { return Kind::claim; }
  Kind operator()(const core::PatchNode&) const { return Kind::node; }
};

Kind kind_of(const core::Action& action) {
  return std::visit(KindOf{}, action);
}

// Performs one step and notes its result in the observer. Throws if the step failed. Returns a
// detail if it ended in an unexpected but valid way.
class Perform {
 public:
  Perform(System& system, const Invocation& invocation, Observer& observer)
      : system_(system), invocation_(invocation), observer_(observer) {}

  template <typename Network>
  std::string operator()(const Network& action) {
    change(system_.kernel, action);
    return {};
  }

  std::string operator()(const core::ReplaceDefault& action) {
    switch_by(action);
    if (action.route.protocol != core::our_protocol) {
      system_.http.drop_idle_connections();
    }
    return {};
  }

  std::string operator()(const core::SetDestinations& action) {
    switch_by(action);
    if (kind_of(action) == Kind::turn) {
      system_.http.drop_idle_connections();
    }
    return {};
  }

  std::string operator()(const core::AcquireLease& action) {
    const auto is_in_use = [&](const std::string& node) {
      return action.unread && is_egress_of(node, action.address);
    };
    const auto holder =
        cloud::acquire_lease(observer_.kubernetes(), lease_on(action.address), is_in_use);
    if (holder) {
      observer_.note_lost(action.address);
      return holder->left.count() > 0 ? fmt::format("Node {} holds it for another {} s",
                                                    holder->name, holder->left.count())
                                      : fmt::format("it is the egress IP of Node {}", holder->name);
    }
    observer_.note_leased(action.address);
    return {};
  }

  // A Lease that cannot be released expires.
  std::string operator()(const core::ReleaseLease& action) {
    observer_.note_not_leased(action.address);
    cloud::release_lease(observer_.kubernetes(), lease_on(action.address));
    return {};
  }

  std::string operator()(const core::AssignFloatingIp& action) {
    const auto outcome = claim(system_, observer_.digitalocean(), action,
                               [&] { return metadata_shows(action.address); });
    if (const auto* gone = std::get_if<core::Lost>(&outcome)) {
      observer_.note_lost_after_read(action.address);
      return gone->why;
    }
    const core::FloatingIp& held = std::get<core::Won>(outcome).entry;
    observer_.note_held(held);
    return held.address == action.address
               ? std::string{}
               : fmt::format("the droplet already holds {}", held.address.to_string());
  }

  std::string operator()(const core::UnassignFloatingIp& action) {
    unassign(system_, observer_.digitalocean(), action);
    observer_.note_none_held();
    observer_.note_leased(action.address);  // as far as this run knows
    return {};
  }

  std::string operator()(const core::PatchNode& action) {
    const auto& known = std::get<core::Node>(observer_.found().node);
    const auto patched = observer_.kubernetes().patch_node(action, known.version);
    if (!patched) {
      observer_.reread_node();  // throws after too many conflicts
      return "somebody else changed the Node meanwhile; it is read again";
    }
    observer_.set_node(*patched);
    return {};
  }

 private:
  // Under a guard, until what is seen then is confirmed.
  void switch_by(const core::Action& action) {
    const Kind kind = kind_of(action);
    if (kind == Kind::turn) {
      observer_.begin_switch();
    } else if (kind == Kind::confirmation) {
      observer_.end_switch();
    }
    change(system_.kernel, action);
  }

  // The Lease outlives the run, and so every POST that the run made under it.
  cloud::Lease lease_on(core::Ipv4 address) const {
    constexpr std::chrono::seconds margin{30};
    const auto longest = std::chrono::ceil<std::chrono::seconds>(invocation_.timeout);
    return {.name_space = invocation_.name_space,
            .address = address,
            .node = invocation_.config.node_name,
            .node_uid = std::get<core::Node>(observer_.found().node).uid,
            .duration = longest + margin};
  }

  // Asks another Node's labels, which costs nothing of DigitalOcean's budget. False if it cannot be
  // read.
  bool is_egress_of(const std::string& name, core::Ipv4 address) {
    core::Node node;
    const auto failure = core::catch_error_except_signals([&] {
      const auto reply = system_.http.send(observer_.kubernetes().node_request(name));
      node = observer_.kubernetes().decode_node(name, reply);
    });
    return !failure && core::is_labelled_with(node, invocation_.config, address);
  }

  // Asks metadata, which costs nothing of the API's budget. It is not asked again after a failure.
  std::optional<bool> metadata_shows(core::Ipv4 address) {
    if (metadata_failed_) {
      return std::nullopt;
    }
    bool shows = false;
    const auto failure = core::catch_error_except_signals([&] {
      const auto reply = system_.http.send(cloud::metadata_request(invocation_.metadata_url));
      shows = cloud::decode_metadata(reply).floating_ip == address;
    });
    metadata_failed_ = failure.has_value();
    return metadata_failed_ ? std::nullopt : std::optional(shows);
  }

  System& system_;
  const Invocation& invocation_;
  Observer& observer_;
  bool metadata_failed_ = false;
};

// Notes a failed step, so that the next plan handles it.
void note_failure(Observer& observer, const core::Step& step, const core::Error& failure) {
  switch (kind_of(step.action)) {
    case Kind::lease:
      if (std::holds_alternative<core::AcquireLease>(step.action)) {
        observer.note_lease_error(failure);
      }
      return;
    case Kind::node:
      return observer.set_node(core::Unavailable{failure});
    case Kind::network:
      if (std::holds_alternative<core::SetMarking>(step.action)) {
        return observer.note_marking_error(failure);
      }
      if (std::holds_alternative<core::SetPodSnat>(step.action)) {
        return observer.note_pod_snat_error(failure);
      }
      return observer.note_change_error(failure);
    case Kind::turn:
    case Kind::confirmation:
      return observer.note_change_error(failure);
    case Kind::claim:
      return observer.note_claim_error(failure);
  }
}

std::span<const core::Step> leading_steps(const std::vector<core::Step>& steps) {
  std::size_t count = 0;
  while (count < steps.size() && kind_of(steps[count].action) == kind_of(steps[0].action)) {
    ++count;
  }
  return {steps.data(), count};
}

}  // namespace

void apply_leading_steps(const core::Plan& plan, System& system, const Invocation& invocation,
                         Observer& observer, std::vector<StepRecord>& records) {
  const auto steps = leading_steps(plan.steps);
  if (plan.undo && kind_of(steps[0].action) == Kind::network) {
    Undo undone = undo(system.kernel, observer.found().droplet, plan.destinations);
    for (StepRecord& record : undone.steps) {
      record.rollback = invocation.command != Command::release;
      show_step(system, record, observer.found().network);
    }
    records.insert(records.end(), undone.steps.begin(), undone.steps.end());
    system.http.drop_idle_connections();
    observer.note_undo(plan.ending, undone.failure);
    return observer.read_network();
  }
  Perform perform(system, invocation, observer);
  for (const core::Step& step : steps) {
    system.clock.check();
    records.push_back({.step = step, .result = StepRecord::Result::failed});
    StepRecord& record = records.back();
    const auto failure =
        core::catch_error_except_signals([&] { record.detail = std::visit(perform, step.action); });
    if (!failure) {
      record.result = record.detail.empty() ? StepRecord::Result::done : StepRecord::Result::failed;
      show_step(system, record, observer.found().network);
      continue;
    }
    record.detail = failure->what();
    show_step(system, record, observer.found().network);
    note_failure(observer, step, *failure);
    break;
  }
  observer.read_network();
}

}  // namespace app
