// SPDX-License-Identifier: Apache-2.0
#include "io/clock.hpp"

#include "core/error.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <csignal>
#include <string>

using core::Exit;
using io::Duration;

// Real time and real signals; each test consumes the signals that it raises.

namespace {

Exit exit_of(io::Clock& clock, Duration sleep) {
  const auto failure = core::any_failure_of([&] { clock.sleep(sleep); });
  return failure ? failure->exit() : Exit::ok;
}

}  // namespace

TEST_CASE("clock: a sleep lasts, and never beyond the deadline") {
  const auto clock = io::open_clock(Duration{60'000});
  CHECK(clock->remaining() <= Duration{60'000});
  CHECK(exit_of(*clock, Duration{20}) == Exit::ok);
  CHECK(clock->elapsed() >= Duration{20});
  CHECK(clock->remaining() <= Duration{59'980});
  const auto before = clock->elapsed();
  const auto failure = core::any_failure_of([&] { clock->sleep(Duration{120'000}); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::try_again);
  CHECK(std::string(failure->what()) == "the deadline of 60 s does not allow waiting 120000 ms");
  CHECK(clock->elapsed() - before < Duration{30'000});
}

TEST_CASE("clock: nothing remains after the deadline, and never less") {
  const auto clock = io::open_clock(Duration{0});
  CHECK(clock->remaining() == Duration{0});
  CHECK(exit_of(*clock, Duration{1}) == Exit::try_again);
}

TEST_CASE("clock: tells the time of the world") {
  const auto clock = io::open_clock(Duration{1});
  CHECK(clock->wall() > std::chrono::seconds{1'700'000'000});
}

TEST_CASE("clock: SIGINT, SIGTERM and SIGHUP end the run, not the process") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(number);
    const auto clock = io::open_clock(Duration{60'000});
    clock->check();
    pollfd wake{.fd = clock->wake_descriptor(), .events = POLLIN, .revents = 0};
    CHECK(poll(&wake, 1, 0) == 0);
    raise(number);
    CHECK(poll(&wake, 1, 0) == 1);
    const Exit expected = number == SIGINT ? Exit::interrupted : Exit::terminated;
    CHECK(exit_of(*clock, Duration{50'000}) == expected);
    CHECK(clock->elapsed() < Duration{40'000});
    // Once asked to end, it stays so.
    CHECK(core::any_failure_of([&] { clock->check(); })->exit() == expected);
  }
}

TEST_CASE("clock: a signal during a sleep ends it") {
  const auto clock = io::open_clock(Duration{60'000});
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGTERM;
  timer_t timer{};
  REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 20'000'000}};
  REQUIRE(timer_settime(timer, 0, &soon, nullptr) == 0);
  CHECK(exit_of(*clock, Duration{50'000}) == Exit::terminated);
  CHECK(clock->elapsed() < Duration{40'000});
  timer_delete(timer);
}
