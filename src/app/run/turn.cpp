// SPDX-License-Identifier: Apache-2.0
#include "app/run/turn.hpp"

#include "app/run/change.hpp"

namespace app {

namespace {

std::unique_ptr<io::Lock> wait_for_lock(System& system) {
  constexpr io::Duration interval{50};
  constexpr io::Duration rest{1'000};  // to report the timeout
  for (;;) {
    if (auto lock = system.locks.try_take()) {
      return lock;
    }
    if (system.clock.remaining() < rest) {
      throw core::Error(core::Exit::try_again,
                        "cannot change this node: another run is changing it")
          .with_hint("wait, or find the other run: pgrep -a do-egress-ip");
    }
    system.log.progress("waiting for another run on this node");
    system.clock.sleep(interval);
  }
}

void undo_or_throw(io::Kernel& kernel, const std::optional<core::Droplet>& droplet) {
  if (const auto undone = undo(kernel, droplet); undone.failure) {
    throw core::Error(*undone.failure);
  }
}

}  // namespace

void Turn::take() {
  const auto failure = core::catch_error_except_signals([&] { lock_ = wait_for_lock(system_); });
  if (failure && failure->exit() == core::Exit::try_again) {
    throw core::Error(*failure);
  }
  if (failure && failure->exit() == core::Exit::os_error) {
    system_.log.write(io::Level::warning, "cannot lock this node against other runs: {}",
                      failure->what());
  }
  taken_ = true;
}

void Turn::begin_switch(const std::optional<core::Droplet>& droplet) {
  if (guard_) {
    return;
  }
  constexpr io::Duration margin{300};  // for this process to roll back by itself
  const auto failure = core::catch_error_except_signals([&] {
    guard_ = system_.guards.open([droplet](io::Kernel& kernel) { undo_or_throw(kernel, droplet); },
                                 system_.clock.remaining() + margin, lock_.get());
  });
  if (failure) {
    system_.log.write(io::Level::warning, "no guard undoes the switch if this is killed: {}",
                      failure->what());
  }
}

void Turn::end_switch() {
  if (!guard_) {
    return;
  }
  const auto end = guard_->confirm();
  guard_.reset();
  if (end == io::Guard::End::undone) {
    throw core::Error(core::Exit::try_again, "cannot finish the switch: the deadline is over");
  }
  if (end == io::Guard::End::missing) {
    system_.log.write(io::Level::warning,
                      "the guard of the switch was killed; continuing without it");
  }
}

}  // namespace app
