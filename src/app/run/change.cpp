// SPDX-License-Identifier: Apache-2.0
#include "app/run/change.hpp"

#include "core/plan/undo.hpp"

#include <algorithm>

namespace app {
namespace {

template <typename Value>
bool contains(const std::vector<Value>& values, const Value& wanted) {
  return std::ranges::find(values, wanted) != values.end();
}

struct Change {
  io::Kernel& kernel;

  void operator()(const core::SetRoute& action) const {
    if (action.route.table == core::memory_table) {
      return store_default(action.route);
    }
    kernel.set_route(action.route);
  }
  void operator()(const core::ReplaceDefault& action) const { kernel.set_route(action.route); }
  void operator()(const core::RemoveRoute& action) const { kernel.remove_route(action.route); }
  void operator()(const core::SetDestinations& action) const {
    kernel.set_destinations(action.routes);
  }
  void operator()(const core::RemoveDestinations& action) const {
    kernel.remove_destinations(action.routes);
  }
  void operator()(const core::AddRule& action) const { kernel.add_rule(action.rule); }
  void operator()(const core::RemoveRule& action) const { kernel.remove_rule(action.rule); }
  void operator()(const core::SetMarking& action) const { kernel.set_marking(action.address); }
  void operator()(const core::RemoveMarking&) const { kernel.remove_marking(); }
  void operator()(const core::SetPodSnat& action) const { kernel.set_pod_snat(action.snat); }
  void operator()(const core::RemovePodSnat&) const { kernel.remove_pod_snat(); }
  template <typename Other>
  void operator()(const Other&) const {}

  // A default that the kernel cannot store exactly could not be restored either.
  void store_default(const core::Route& route) const {
    const auto failure = core::catch_error_except_signals([&] { kernel.set_route(route); });
    if (failure && failure->exit() != core::Exit::os_error) {
      throw core::Error(*failure);
    }
    if (failure || !contains(kernel.read().routes, route)) {
      throw core::Error(
          core::Exit::config,
          "cannot replace the default route: the kernel refuses an exact copy of it{}",
          failure ? std::string(": ") + failure->what() : std::string{})
          .with_hint("make it a plain route; show it with: ip -d route show default");
    }
  }
};

// Whether a refused change is already made.
struct IsDone {
  const core::Network& now;

  bool operator()(const core::SetRoute& action) const { return contains(now.routes, action.route); }
  bool operator()(const core::ReplaceDefault& action) const {
    return contains(now.routes, action.route);
  }
  bool operator()(const core::AddRule& action) const { return contains(now.rules, action.rule); }
  bool operator()(const core::RemoveRule& action) const {
    return !contains(now.rules, action.rule);
  }
  bool operator()(const core::RemoveRoute& action) const {
    return !contains(now.routes, action.route);
  }
  bool operator()(const core::SetDestinations& action) const {
    const auto& groups = core::groups_of(now, action.routes.like.table);
    const auto there = std::ranges::find(groups, action.routes.like, &core::RouteGroup::like);
    return there != groups.end() &&
           std::ranges::includes(there->destinations, action.routes.destinations);
  }
  bool operator()(const core::RemoveDestinations& action) const {
    const auto& groups = core::groups_of(now, action.routes.like.table);
    const auto there = std::ranges::find(groups, action.routes.like, &core::RouteGroup::like);
    return there == groups.end() ||
           std::ranges::none_of(action.routes.destinations, [&](const core::Prefix& gone) {
             return std::ranges::binary_search(there->destinations, gone);
           });
  }
  bool operator()(const core::RemoveMarking&) const {
    return now.marking.state == core::Marking::State::absent;
  }
  bool operator()(const core::RemovePodSnat&) const { return !now.pod_snat; }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

bool removes_stored_default(const core::Action& action) {
  const auto* remove = std::get_if<core::RemoveRoute>(&action);
  return remove != nullptr && remove->route.table == core::memory_table;
}

// Tries every step once. Previous defaults stay stored until they are back.
void undo_once(io::Kernel& kernel, const std::optional<core::Droplet>& droplet,
               core::Destinations destinations, Undo& undone) {
  std::vector<core::Step> steps;
  undone.failure =
      core::catch_error([&] { steps = core::undo(kernel.read(), droplet, destinations); });
  bool are_defaults_back = true;
  for (const core::Step& step : steps) {
    if (!are_defaults_back && removes_stored_default(step.action)) {
      continue;
    }
    undone.steps.push_back({.step = step, .result = StepRecord::Result::done});
    const auto failure = core::catch_error([&] { change(kernel, step.action); });
    if (failure) {
      are_defaults_back &= !std::holds_alternative<core::ReplaceDefault>(step.action);
      undone.steps.back().result = StepRecord::Result::failed;
      undone.steps.back().detail = failure->what();
      undone.failure = failure;
    }
  }
}

}  // namespace

// A lost answer or a concurrent run may have made the change. A disturbed request may succeed when
// it is repeated.
void change(io::Kernel& kernel, const core::Action& action) {
  constexpr int most_tries = 3;
  for (int tries = 1;; ++tries) {
    const auto failure =
        core::catch_error_except_signals([&] { std::visit(Change{kernel}, action); });
    if (!failure) {
      return;
    }
    const bool lost = failure->exit() == core::Exit::try_again;
    const bool refused = failure->exit() == core::Exit::os_error;
    if ((lost || refused) && std::visit(IsDone{kernel.read()}, action)) {
      return;
    }
    if (!lost || tries == most_tries) {
      throw core::Error(*failure);
    }
  }
}

Undo undo(io::Kernel& kernel, const std::optional<core::Droplet>& droplet,
          core::Destinations destinations) {
  constexpr int most_tries = 3;
  Undo undone;
  for (int tries = 0; tries == 0 || (undone.failure && tries < most_tries); ++tries) {
    undo_once(kernel, droplet, destinations, undone);
  }
  return undone;
}

}  // namespace app
