// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/kernel.hpp"

#include <functional>
#include <memory>

namespace io {

// A process of its own that undoes a change when this one is killed before it was confirmed: by an
// ssh session that dies, or for want of memory. Ending it confirms.
struct Guard {
  virtual ~Guard() = default;
};

// Where guards come from. Abstract so that tests need no processes.
struct Guards {
  virtual ~Guards() = default;

  // Waits until no guard of another run is about in this network namespace: what it may undo is no
  // ground to build on. Throws Error(try_again) when one stays, and like Clock::sleep().
  virtual void wait() = 0;

  // Forks; the new process runs `undo` on a kernel of its own when this one ends without the Guard
  // having been ended. Throws Error(os_error) when there can be none.
  virtual std::unique_ptr<Guard> open(std::function<void(Kernel&)> undo) = 0;
};

std::unique_ptr<Guards> open_guards(Clock& clock);

}  // namespace io
