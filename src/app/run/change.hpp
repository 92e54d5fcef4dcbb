// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "io/kernel.hpp"

namespace app {

// Performs a step that concerns the kernel; any other does nothing. What another run on the droplet
// has done in the same moment is as good as done. Throws as io::Kernel does.
void change(io::Kernel& kernel, const core::Action& action);

// Turns the kernel's network back into `before`, whatever it is now. Throws as io::Kernel does.
void undo(io::Kernel& kernel, const core::Network& before);

}  // namespace app
