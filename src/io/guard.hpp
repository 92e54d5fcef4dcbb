// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/kernel.hpp"
#include "io/lock.hpp"

#include <functional>
#include <memory>

namespace io {

// A process of its own that undoes a change of the network unless the change is confirmed: when
// this one is killed, stopped or stuck until the deadline, or destroys the Guard.
struct Guard {
  enum class End {
    confirmed,  // nothing was undone, and nothing will be
    undone,     // its time was over before
    missing,    // somebody killed it, so nothing was undone
  };
  virtual ~Guard() = default;

  // Ends it; only this does without an undo.
  virtual End confirm() = 0;
};

// Where guards come from. Abstract so that tests need no processes.
struct Guards {
  virtual ~Guards() = default;

  // Forks; the new process holds `lock`, too, and runs `undo` on a kernel of its own, at the latest
  // when `patience` is over. Throws Error(os_error) when there can be none.
  virtual std::unique_ptr<Guard> open(std::function<void(Kernel&)> undo, Duration patience,
                                      const Lock* lock) = 0;
};

std::unique_ptr<Guards> open_guards();

}  // namespace io
