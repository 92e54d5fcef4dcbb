// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "core/model.hpp"
#include "io/kernel.hpp"

#include <optional>
#include <vector>

namespace app {

// Performs a step that changes the kernel, and ignores other steps. A change that a concurrent run
// has made counts as done. Throws like io::Kernel.
void change(io::Kernel& kernel, const core::Action& action);

// The steps of an undo, and the reason if something is left.
struct Undo {
  std::vector<StepRecord> steps = {};
  std::optional<core::Error> failure = {};
};

// Removes all routes and rules of ours, see core::undo(). Tries every step even after a failure,
// then reads and tries again. Throws nothing.
Undo undo(io::Kernel& kernel, const std::optional<core::Droplet>& droplet,
          core::Destinations destinations = core::Destinations::close);

}  // namespace app
