// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace core {

// An Event of a run, as `kubectl describe node` shows it.
struct NodeEvent {
  enum class Type { normal, warning } type = Type::normal;
  std::string reason = {};  // UpperCamelCase, for programs
  std::string action = {};
  std::string note = {};  // for people
  bool repeats = false;   // every run finds it until somebody acts; otherwise it has happened once
};

// The Events of a run: its changes, and an ending that needs attention. None if the run found
// everything right, or if repeating it is enough. `claimed` is the address in the Node's label
// before the run.
std::vector<NodeEvent> events_of(const std::vector<Step>& done, const std::string& claimed,
                                 const std::optional<Ipv4>& floating_ip, const Ending& ending);

// What `verify` has to say of a Node's pods: each change of their label (`before` to `after`), and
// another address, which does not mend itself, every time.
std::optional<NodeEvent> event_of_pods(const std::optional<std::string>& before,
                                       const std::optional<std::string>& after,
                                       const Ending& ending);

}  // namespace core
