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

// Tasks that take turns on one thread, each with its own stack, and a clock that jumps to the next
// event: a day of ten thousand waiting nodes takes minutes.
class Fibers {
 public:
  Fibers();
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  Millis now() const { return now_; }

  // Runs `task` at that time; tasks of the same time run in the order of these calls.
  void at(Millis time, std::function<void()> task);

  // Called by a task: runs the other tasks until that time.
  void sleep_until(Millis time);

  // Runs everything due up to and including `end`.
  void run_until(Millis end);
  // Runs as long as `goes_on` says so and tasks are left.
  void run_while(const std::function<bool()>& goes_on);

 private:
  struct Fiber;
  struct Event {
    Millis time;
    std::uint64_t order;
    Fiber* sleeper;  // null: `task` starts
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
