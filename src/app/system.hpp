// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "io/clock.hpp"
#include "io/guard.hpp"
#include "io/http.hpp"
#include "io/kernel.hpp"
#include "io/lock.hpp"
#include "io/log.hpp"
#include "io/retry.hpp"

#include <functional>

namespace app {

// Everything outside the process that a run uses, as interfaces that tests replace.
struct System {
  io::Http& http;
  io::Kernel& kernel;
  io::Clock& clock;
  io::Guards& guards;
  io::Locks& locks;
  const io::Log& log;
  io::Random random;
  // Prints a part of the result while the run goes on; empty: nobody reads along.
  std::function<void(const std::string& text)> print = {};
  // Is called with each step when it has ended, and the network as it was before the step.
  std::function<void(const StepRecord& step, const core::Network& before)> on_step = {};
};

inline void show_step(const System& system, const StepRecord& step, const core::Network& before) {
  if (system.on_step) {
    system.on_step(step, before);
  }
}

}  // namespace app
