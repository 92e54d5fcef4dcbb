// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace io {

using Duration = std::chrono::milliseconds;

// The time, the deadline of the run, and signals that end it early. Abstract so that tests need not
// wait.
struct Clock {
  virtual ~Clock() = default;
  virtual Duration elapsed() const = 0;           // since the run began
  virtual std::chrono::seconds wall() const = 0;  // since the Unix epoch
  virtual Duration deadline() const = 0;          // since the run began
  virtual Duration remaining() const = 0;         // until the deadline; never negative

  // Waits. Throws Error(try_again) at once if the wait would pass the deadline, Error(interrupted)
  // on SIGINT, and Error(terminated) on SIGTERM or SIGHUP.
  virtual void sleep(Duration duration) = 0;

  // Throws like sleep() if one of those signals is pending.
  virtual void check() = 0;

  // Readable while one of those signals is pending; -1 if there is no descriptor.
  virtual int wake_descriptor() const = 0;
};

// The time that a run may use after its deadline to report its result.
inline constexpr Duration last_words{800};

// How a process ends that still runs one second after its deadline.
struct Overdue {
  static constexpr std::string_view message =
      "cannot finish: the deadline is over by a second, and the run still waits for something";
  static constexpr std::string_view hint = "run again, or raise --timeout";
  std::string output = {};  // to stdout, before message and hint go to stderr
  core::Exit exit = core::Exit::try_again;
};

// The real clock. It blocks SIGINT, SIGTERM and SIGHUP, so that they do not end the process by
// themselves; an ignored signal stays ignored. One second after the deadline it ends the process,
// after its guard if there is one.
std::unique_ptr<Clock> open_clock(Duration deadline, Overdue if_overdue = {});

}  // namespace io
