// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <tuple>
#include <vector>

namespace fleet {

using Millis = std::int64_t;

// Tasks that take turns on one thread, each with a stack of its own, and a clock that leaps to
// whatever is due next: a day of ten thousand nodes that mostly wait takes minutes.
class Fibers {
 public:
  Fibers();
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  Millis now() const { return now_; }

  // Runs `task` when it is that time. Of those due at one time, the first asked for runs first.
  void at(Millis time, std::function<void()> task);

  // Called by a task: lets the others run until it is that time.
  void sleep_until(Millis time);

  // Runs whatever is due up to and at `end`.
  void run_until(Millis end);
  // The same, for as long as there is anything to run and `goes_on` says so.
  void run_while(const std::function<bool()>& goes_on);

 private:
  struct Fiber;
  struct Event {
    Millis time;
    std::uint64_t order;
    Fiber* sleeper;  // null: `task` begins
    std::shared_ptr<std::function<void()>> task;
    bool operator<(const Event& other) const {
      return std::tie(other.time, other.order) < std::tie(time, order);
    }
  };

  void step();
  Fiber& idle_fiber();
  void enter(Fiber& fiber);
  static void trampoline();

  Millis now_ = 0;
  std::uint64_t order_ = 0;
  std::priority_queue<Event> events_ = {};
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_ = {};
  std::unique_ptr<Fiber> main_;
  Fiber* current_ = nullptr;
};

}  // namespace fleet
