// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "core/model.hpp"

#include <memory>
#include <optional>

namespace app {

// One run at a time changes a node: the lock, and the guard of a switch that holds it as well.
class Turn {
 public:
  explicit Turn(System& system) : system_(system) {}

  // Waits for another run to end. Throws Error(try_again) where it does not in time, and like
  // io::Clock::sleep(). Where there can be no lock, goes on without, and says so.
  void take();
  bool is_taken() const { return taken_; }

  // From now on a guard undoes every change, unless the switch is confirmed.
  void begin_switch(const std::optional<core::Droplet>& droplet);

  // Ends the guard. Throws Error(try_again) where it has undone the switch already.
  void end_switch();

 private:
  System& system_;
  bool taken_ = false;
  std::unique_ptr<io::Lock> lock_ = {};  // given back last
  std::unique_ptr<io::Guard> guard_ = {};
};

}  // namespace app
