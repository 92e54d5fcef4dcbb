// SPDX-License-Identifier: Apache-2.0
#include "fleet/fibers.hpp"

#include <sys/mman.h>
#include <ucontext.h>

#include <system_error>
#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace fleet {
namespace {

constexpr std::size_t stack_bytes = 512 * 1024;  // untouched pages cost nothing

struct Unmap {
  void operator()(void* bottom) const { munmap(bottom, stack_bytes); }
};
using Stack = std::unique_ptr<void, Unmap>;

Stack map_stack() {
  void* bottom = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (bottom == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "a stack for another fiber");
  }
  return Stack(bottom);
}

// Tells AddressSanitizer about the change of stacks.
void leave([[maybe_unused]] void** keep, [[maybe_unused]] const void* bottom,
           [[maybe_unused]] std::size_t size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(keep, bottom, size);
#endif
}

void arrive([[maybe_unused]] void* kept, [[maybe_unused]] const void** bottom,
            [[maybe_unused]] std::size_t* size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(kept, bottom, size);
#endif
}

Fibers* running = nullptr;  // makecontext() passes only ints

}  // namespace

struct Fibers::Fiber {
  ucontext_t context = {};
  Stack own = {};  // the thread's own stack is not allocated here
  const void* stack = nullptr;
  std::size_t size = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's
  std::function<void()> task = {};
  bool over = false;
};

Fibers::Fibers() : main_(std::make_unique<Fiber>()) {}
Fibers::~Fibers() = default;

void Fibers::at(Millis time, std::function<void()> task) {
  events_.push({time, ++order_, nullptr, std::make_shared<std::function<void()>>(std::move(task))});
}

void Fibers::sleep_until(Millis time) {
  Fiber& self = *current_;
  events_.push({std::max(time, now_), ++order_, &self, nullptr});
  leave(&self.fake_stack, main_->stack, main_->size);
  swapcontext(&self.context, &main_->context);
  arrive(self.fake_stack, nullptr, nullptr);
}

void Fibers::run_until(Millis end) {
  while (!events_.empty() && events_.top().time <= end) {
    step();
  }
  now_ = end;
}

void Fibers::run_while(const std::function<bool()>& goes_on) {
  while (!events_.empty() && goes_on()) {
    step();
  }
}

void Fibers::step() {
  const Event next = events_.top();
  events_.pop();
  now_ = std::max(now_, next.time);
  Fiber& fiber = next.sleeper != nullptr ? *next.sleeper : idle_fiber();
  if (next.sleeper == nullptr) {
    fiber.task = std::move(*next.task);
  }
  enter(fiber);
  if (fiber.over) {
    idle_.push_back(&fiber);
  }
}

Fibers::Fiber& Fibers::idle_fiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>());
    Fiber& made = *fibers_.back();
    made.own = map_stack();
    made.stack = made.own.get();
    made.size = stack_bytes;
    idle_.push_back(&made);
  }
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  fiber.over = false;
  fiber.fake_stack = nullptr;
  getcontext(&fiber.context);
  fiber.context.uc_stack = {.ss_sp = fiber.own.get(), .ss_flags = 0, .ss_size = fiber.size};
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, &Fibers::trampoline, 0);
  return fiber;
}

void Fibers::enter(Fiber& fiber) {
  running = this;
  current_ = &fiber;
  leave(&main_->fake_stack, fiber.stack, fiber.size);
  swapcontext(&main_->context, &fiber.context);
  arrive(main_->fake_stack, nullptr, nullptr);
}

void Fibers::trampoline() {
  Fibers& self = *running;
  arrive(nullptr, &self.main_->stack, &self.main_->size);
  Fiber& fiber = *self.current_;
  fiber.task();
  fiber.task = nullptr;
  fiber.over = true;
  leave(nullptr, self.main_->stack, self.main_->size);
  setcontext(&self.main_->context);
}

}  // namespace fleet
