// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

namespace io {

using Duration = std::chrono::milliseconds;

// Time, the deadline of the run and the wish to end it early. Abstract so that tests need not wait.
struct Clock {
  virtual ~Clock() = default;
  virtual Duration elapsed() const = 0;           // since the run began
  virtual std::chrono::seconds wall() const = 0;  // since the Unix epoch
  virtual Duration deadline() const = 0;          // since the run began
  virtual Duration remaining() const = 0;         // until the deadline; never negative

  // Waits. Throws Error(try_again) at once where the deadline would pass, Error(interrupted) on
  // SIGINT and Error(terminated) on SIGTERM or SIGHUP.
  virtual void sleep(Duration duration) = 0;

  // Throws like sleep() if one of those signals has come.
  virtual void check() = 0;

  // Readable when one of those signals has come and was not looked at; -1 where there is none.
  virtual int wake_descriptor() const = 0;
};

// What a run may still use when its deadline is over, to say how it ended.
inline constexpr Duration last_words{800};

// The real one. From here on SIGINT, SIGTERM and SIGHUP do not end the process by themselves; one
// that was ignored stays ignored. A second after the deadline the process ends, with
// Exit::try_again, whatever it does.
std::unique_ptr<Clock> open_clock(Duration deadline);

}  // namespace io
