// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/clock.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

namespace support {

// A clock whose time passes only in sleep().
class FakeClock : public io::Clock {
 public:
  explicit FakeClock(io::Duration deadline = std::chrono::minutes{2}) : deadline_(deadline) {}

  io::Duration elapsed() const override { return now - begun; }
  std::chrono::seconds wall() const override {
    return std::chrono::seconds{1'700'000'000} +
           std::chrono::duration_cast<std::chrono::seconds>(now);
  }
  io::Duration deadline() const override { return deadline_; }
  io::Duration remaining() const override {
    return std::max(deadline_ - elapsed(), io::Duration{0});
  }

  void sleep(io::Duration duration) override {
    check();
    if (duration > remaining()) {
      throw core::Error(core::Exit::try_again, "the deadline does not allow waiting {} ms",
                        duration.count());
    }
    slept.push_back(duration);
    now += duration;
    if (on_sleep) {
      on_sleep();
    }
    check();
  }

  void check() override {
    ++checks;
    if (checks == signal_at_check) {
      signal = core::Exit::terminated;
    }
    if (signal) {
      throw core::Error(*signal, "ended by a signal");
    }
  }

  int wake_descriptor() const override { return -1; }

  io::Duration now{0};
  io::Duration begun{0};  // the start of the run
  std::vector<io::Duration> slept = {};
  std::optional<core::Exit> signal = {};  // Exit::interrupted or Exit::terminated after a signal
  int checks = 0;
  int signal_at_check = 0;              // the check that finds SIGTERM
  std::function<void()> on_sleep = {};  // what happens meanwhile

 private:
  io::Duration deadline_;
};

}  // namespace support
