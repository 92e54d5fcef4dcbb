// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/kernel.hpp"
#include "io/lock.hpp"

#include <functional>
#include <memory>

namespace io {

// A child process that undoes a change of the network unless the change is confirmed. It undoes the
// change if this process is killed, stopped or stuck until the deadline, or if it destroys the
// Guard.
struct Guard {
  enum class End {
    confirmed,  // nothing was undone, nothing will be
    undone,     // the guard's time was over; it undid the change, or is undoing it
    missing,    // the guard was killed, so nothing was undone
  };
  virtual ~Guard() = default;

  // Ends the guard without an undo. One that does not answer in time is killed.
  virtual End confirm() = 0;
};

// Starts guards. Abstract so that tests need no processes.
struct Guards {
  virtual ~Guards() = default;

  // Forks. The new process holds `lock` as well, and runs `undo` on its own kernel socket, at the
  // latest after `patience`. Throws Error(os_error) if it cannot be started.
  virtual std::unique_ptr<Guard> open(std::function<void(Kernel&)> undo, Duration patience,
                                      const Lock* lock) = 0;
};

std::unique_ptr<Guards> open_guards();

}  // namespace io
