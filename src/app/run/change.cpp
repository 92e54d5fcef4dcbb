// SPDX-License-Identifier: Apache-2.0
#include "app/run/change.hpp"

#include "core/plan/undo.hpp"

#include <algorithm>

namespace app {
namespace {

struct Change {
  io::Kernel& kernel;

  void operator()(const core::SetRoute& action) const { kernel.set_route(action.route); }
  void operator()(const core::ReplaceDefault& action) const { kernel.set_route(action.route); }
  void operator()(const core::RemoveRoute& action) const { kernel.remove_route(action.route); }
  void operator()(const core::AddRule& action) const { kernel.add_rule(action.rule); }
  void operator()(const core::RemoveRule& action) const { kernel.remove_rule(action.rule); }
  void operator()(const core::SetMarking& action) const { kernel.set_marking(action.address); }
  void operator()(const core::RemoveMarking&) const { kernel.remove_marking(); }
  template <typename Other>
  void operator()(const Other&) const {}
};

// Whether what the kernel refuses to do is done already.
struct IsDone {
  const core::Network& now;

  bool operator()(const core::AddRule& action) const { return contains(now.rules, action.rule); }
  bool operator()(const core::RemoveRule& action) const {
    return !contains(now.rules, action.rule);
  }
  bool operator()(const core::RemoveRoute& action) const {
    return !contains(now.routes, action.route);
  }
  bool operator()(const core::RemoveMarking&) const {
    return now.marking.state == core::Marking::State::absent;
  }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }

  template <typename Value>
  static bool contains(const std::vector<Value>& values, const Value& wanted) {
    return std::ranges::find(values, wanted) != values.end();
  }
};

}  // namespace

void change(io::Kernel& kernel, const core::Action& action) {
  const auto failure = core::failure_of([&] { std::visit(Change{kernel}, action); });
  if (!failure) {
    return;
  }
  const bool refused = failure->exit() == core::Exit::os_error;
  if (!refused || !std::visit(IsDone{kernel.read()}, action)) {
    throw core::Error(*failure);
  }
}

void undo(io::Kernel& kernel, const core::Network& before) {
  for (const core::Step& step : core::restore(kernel.read(), before)) {
    change(kernel, step.action);
  }
}

}  // namespace app
