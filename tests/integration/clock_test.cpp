// SPDX-License-Identifier: Apache-2.0
#include "io/clock.hpp"

#include "core/error.hpp"
#include "integration/processes.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

using core::Exit;
using io::Duration;

// Real time and real signals; each test consumes the signals that it raises.

namespace {

Exit exit_of(io::Clock& clock, Duration sleep) {
  const auto failure = core::catch_error([&] { clock.sleep(sleep); });
  return failure ? failure->exit() : Exit::ok;
}

}  // namespace

TEST_CASE("clock: sleep, lasts as long as asked but not beyond the deadline") {
  const auto clock = io::open_clock(Duration{60'000});
  CHECK(clock->remaining() <= Duration{60'000});
  CHECK(exit_of(*clock, Duration{20}) == Exit::ok);
  CHECK(clock->elapsed() >= Duration{20});
  CHECK(clock->remaining() <= Duration{59'980});
  const auto before = clock->elapsed();
  const auto failure = core::catch_error([&] { clock->sleep(Duration{120'000}); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::try_again);
  CHECK(std::string(failure->what()) ==
        "cannot finish: the deadline of 60 s does not allow waiting 120000 ms");
  CHECK(clock->elapsed() - before < Duration{30'000});
}

TEST_CASE("clock: after the deadline, the remaining time is zero") {
  const auto clock = io::open_clock(Duration{0});
  CHECK(clock->remaining() == Duration{0});
  CHECK(exit_of(*clock, Duration{1}) == Exit::try_again);
}

TEST_CASE("clock: wall time, is the system's") {
  const auto clock = io::open_clock(Duration{1});
  CHECK(clock->wall() > std::chrono::seconds{1'700'000'000});
}

TEST_CASE("clock: SIGINT, SIGTERM or SIGHUP, ends the run, not the process") {
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
    CHECK(core::catch_error([&] { clock->check(); })->exit() == expected);
  }
}

TEST_CASE("clock: signal during a sleep, ends it") {
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

// nohup(1), and shells that start a job in the background.
TEST_CASE("clock: signal that was ignored at the start, stays ignored") {
  for (const int ignored : {SIGHUP, SIGINT, SIGTERM}) {
    CAPTURE(ignored);
    integration::Maker run([ignored] {
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_UNBLOCK, &all, nullptr);
      signal(ignored, SIG_IGN);
      const auto clock = io::open_clock(Duration{60'000});
      raise(ignored);
      const Exit after_ignored = exit_of(*clock, Duration{10});
      raise(ignored == SIGTERM ? SIGHUP : SIGTERM);
      return after_ignored == Exit::ok ? static_cast<int>(exit_of(*clock, Duration{10})) : 1;
    });
    CHECK(run.exit_code() == static_cast<int>(Exit::terminated));
  }
}

TEST_CASE("clock: run that never checks, ends a second after its deadline with its last words") {
  std::array<int, 2> said = {};
  REQUIRE(pipe(said.data()) == 0);
  const auto start = std::chrono::steady_clock::now();
  integration::Maker run([&] {
    dup2(said[1], STDOUT_FILENO);
    dup2(said[1], STDERR_FILENO);
    const auto clock = io::open_clock(Duration{300}, {.output = "{}\n", .exit = Exit::degraded});
    return integration::wait_to_be_killed();
  });
  CHECK(run.exit_code() == static_cast<int>(Exit::degraded));
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= Duration{1'200});
  CHECK(took < Duration{20'000});
  close(said[1]);
  std::array<char, 1024> text = {};
  const auto size = read(said[0], text.data(), text.size());
  close(said[0]);
  REQUIRE(size > 0);
  const std::string words(text.data(), static_cast<std::size_t>(size));
  CHECK(words.starts_with(
      "{}\ndo-egress-ip: error: cannot finish: the deadline is over by a second"));
  CHECK(words.find("do-egress-ip: hint: run again, or raise --timeout") != std::string::npos);
}

TEST_CASE("clock: destroyed, its timer ends no process") {
  integration::Maker run([] {
    io::open_clock(Duration{0}).reset();
    std::this_thread::sleep_for(Duration{1'500});
    return 7;
  });
  CHECK(run.exit_code() == 7);
}
