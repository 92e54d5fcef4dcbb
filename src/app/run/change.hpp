// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "core/model.hpp"
#include "io/kernel.hpp"

#include <optional>
#include <vector>

namespace app {

// Performs a step that concerns the kernel; any other does nothing. What another run on the droplet
// has done in the same moment is as good as done. Throws as io::Kernel does.
void change(io::Kernel& kernel, const core::Action& action);

// What an undo did, and why something is left to be undone.
struct Undo {
  std::vector<StepRecord> steps = {};
  std::optional<core::Error> failure = {};
};

// Takes everything of ours out of the kernel's network, as core::undo() says. Tries every step,
// whatever comes of the others, and looks again; throws nothing.
Undo undo(io::Kernel& kernel, const std::optional<core::Droplet>& droplet);

}  // namespace app
