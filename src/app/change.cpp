// SPDX-License-Identifier: Apache-2.0
#include "app/change.hpp"

#include "core/undo.hpp"

namespace app {
namespace {

struct Change {
  io::Kernel& kernel;

  void operator()(const core::SetRoute& action) const { kernel.set_route(action.route); }
  void operator()(const core::ReplaceDefault& action) const { kernel.set_route(action.route); }
  void operator()(const core::RemoveRoute& action) const { kernel.remove_route(action.route); }
  void operator()(const core::AddRule& action) const { kernel.add_rule(action.rule); }
  void operator()(const core::RemoveRule& action) const { kernel.remove_rule(action.rule); }
  template <typename Other>
  void operator()(const Other&) const {}
};

}  // namespace

void change(io::Kernel& kernel, const core::Action& action) {
  std::visit(Change{kernel}, action);
}

void undo(io::Kernel& kernel, const core::Network& before) {
  for (const core::Step& step : core::restore(kernel.read(), before)) {
    change(kernel, step.action);
  }
}

}  // namespace app
