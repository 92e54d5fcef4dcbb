// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "core/model.hpp"

#include <memory>
#include <optional>

namespace app {

// Lets one run at a time change the node: holds the lock, and the guard of a switch, which holds
// the lock as well.
class Turn {
 public:
  explicit Turn(System& system) : system_(system) {}

  // Waits for the lock. Throws Error(try_again) if another run keeps it too long, and like
  // io::Clock::sleep(). Warns and goes on if the kernel has no such lock.
  void take();
  bool is_taken() const { return taken_; }

  // Starts the guard that rolls back every change unless the switch is confirmed.
  void begin_switch(const std::optional<core::Droplet>& droplet);

  // Ends the guard. Throws Error(try_again) if it has rolled back already.
  void end_switch();

 private:
  System& system_;
  bool taken_ = false;
  std::unique_ptr<io::Lock> lock_ = {};  // released after the guard
  std::unique_ptr<io::Guard> guard_ = {};
};

}  // namespace app
