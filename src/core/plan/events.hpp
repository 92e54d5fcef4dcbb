// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace core {

// What `kubectl describe node` shows of a run.
struct NodeEvent {
  enum class Type { normal, warning } type = Type::normal;
  std::string reason = {};  // UpperCamelCase, for programs
  std::string action = {};
  std::string note = {};  // for people
};

// What a run has to tell of itself: what it changed, and an end that needs somebody's attention. A
// run that found everything right, or will be right by being repeated, tells nothing. `claimed` is
// the address that the Node's label named before the run.
std::vector<NodeEvent> events_of(const std::vector<Step>& done, const std::string& claimed,
                                 const std::optional<Ipv4>& floating_ip, const Ending& ending);

}  // namespace core
