// SPDX-License-Identifier: Apache-2.0
#include "io/guard.hpp"

#include "core/error.hpp"
#include "support/fake_clock.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

// The real guard, with its real process. What it undoes is told through a pipe.

namespace {

class Pipe {
 public:
  Pipe() { REQUIRE(pipe(ends_.data()) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends_[0]);
    shut();
  }
  void say(char byte) const { REQUIRE(write(ends_[1], &byte, 1) == 1); }
  void shut() {
    if (ends_[1] >= 0) {
      close(ends_[1]);
    }
    ends_[1] = -1;
  }
  // What was said before everybody who could speak was gone.
  std::string said() {
    shut();
    std::string text;
    char byte = 0;
    while (read(ends_[0], &byte, 1) == 1) {
      text += byte;
    }
    return text;
  }

 private:
  std::array<int, 2> ends_ = {};
};

// The guard keeps no descriptor of its maker's, so it tells through a process it may signal: this
// child of ours, which ends when it is told.
pid_t listener() {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
      pause();
    }
  }
  return child;
}

int signal_that_ended(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("guard: undoes when its maker is killed, and only then") {
  support::FakeClock clock;
  const auto guards = io::open_guards(clock);
  const pid_t told = listener();
  Pipe ready;
  const pid_t maker = fork();
  if (maker == 0) {
    const auto guard = guards->open([told](io::Kernel&) { kill(told, SIGUSR1); });
    ready.say('x');
    for (;;) {
      pause();
    }
  }
  ready.shut();
  kill(maker, SIGKILL);
  waitpid(maker, nullptr, 0);
  if (ready.said() == "x") {  // killed after the guard stood
    CHECK(signal_that_ended(told) == SIGUSR1);
  } else {
    kill(told, SIGKILL);
    waitpid(told, nullptr, 0);
  }
  guards->wait();  // until it is gone
}

TEST_CASE("guard: ended by its maker it undoes nothing, and leaves no process") {
  support::FakeClock clock;
  const auto guards = io::open_guards(clock);
  const pid_t told = listener();
  {
    const auto guard = guards->open([told](io::Kernel&) { kill(told, SIGUSR1); });
  }
  CHECK(waitpid(told, nullptr, WNOHANG) == 0);
  kill(told, SIGKILL);
  CHECK(signal_that_ended(told) == SIGKILL);
  guards->wait();
  CHECK(clock.slept.empty());
}

TEST_CASE("guard: another run waits for it, not for ever") {
  support::FakeClock clock;
  const auto guards = io::open_guards(clock);
  const auto guard = guards->open([](io::Kernel&) {});
  const auto failure = core::failure_of([&] { guards->wait(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == core::Exit::try_again);
  CHECK_FALSE(clock.slept.empty());
}
