// SPDX-License-Identifier: Apache-2.0
#include "io/clock.hpp"

#include "core/error.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

namespace io {
namespace {

using std::chrono::steady_clock;

class SignalDescriptor {
 public:
  explicit SignalDescriptor(int number) : number_(number) {}
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;
  ~SignalDescriptor() { close(number_); }
  int number() const { return number_; }

 private:
  int number_;
};

bool is_ignored(int number) {
  struct sigaction action = {};
  return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

int open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (!is_ignored(number)) {
      sigaddset(&signals, number);
    }
  }
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// A guard whose time is over undoes the switch. As process 1 of a container, this process would
// take it along.
void wait_for_guard() {
  constexpr int most_waits = 500;
  constexpr int wait_ms = 10;
  for (int waits = 0; waits < most_waits && waitpid(-1, nullptr, WNOHANG) >= 0; ++waits) {
    poll(nullptr, 0, wait_ms);
  }
}

Overdue overdue;  // a signal handler takes no argument

void write_all(int descriptor, std::string_view text) {
  static_cast<void>(!write(descriptor, text.data(), text.size()));
}

// Calls only what a signal handler may call (signal-safety(7)).
void end_at_once(int) {
  wait_for_guard();
  write_all(STDOUT_FILENO, overdue.output);
  write_all(STDERR_FILENO, "do-egress-ip: error: ");
  write_all(STDERR_FILENO, Overdue::message);
  write_all(STDERR_FILENO, "\ndo-egress-ip: hint: ");
  write_all(STDERR_FILENO, Overdue::hint);
  write_all(STDERR_FILENO, "\n");
  _exit(static_cast<int>(overdue.exit));
}

// The last resort against code that does not check the clock. The guard rolls back an unconfirmed
// switch.
void end_latest_after(Duration duration) {
  struct sigaction action = {};
  action.sa_handler = end_at_once;
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(duration - seconds);
  const itimerval once{.it_interval = {}, .it_value = {seconds.count(), rest.count()}};
  setitimer(ITIMER_REAL, &once, nullptr);
}

class SystemClock : public Clock {
 public:
  explicit SystemClock(Duration deadline) : deadline_(deadline), signals_(open_signals()) {
    end_latest_after(deadline + last_words + Duration{100});
  }

  SystemClock(const SystemClock&) = delete;
  SystemClock& operator=(const SystemClock&) = delete;
  ~SystemClock() override {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
  }

  Duration elapsed() const override {
    return std::chrono::duration_cast<Duration>(steady_clock::now() - start_);
  }

  std::chrono::seconds wall() const override {
    return std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
  }

  Duration deadline() const override { return deadline_; }

  Duration remaining() const override { return std::max(deadline_ - elapsed(), Duration{0}); }

  void sleep(Duration duration) override {
    check();
    if (duration > remaining()) {
      throw core::Error(
          core::Exit::try_again, "cannot finish: the deadline of {} s does not allow waiting {} ms",
          std::chrono::duration_cast<std::chrono::seconds>(deadline_).count(), duration.count())
          .with_hint("run again, or give a longer --timeout");
    }
    pollfd wake{.fd = signals_.number(), .events = POLLIN, .revents = 0};
    poll(&wake, 1, static_cast<int>(duration.count()));
    check();
  }

  void check() override {
    signalfd_siginfo signal{};
    if (read(signals_.number(), &signal, sizeof signal) == sizeof signal) {
      interrupt_ = static_cast<int>(signal.ssi_signo);
    }
    if (interrupt_ != 0) {
      throw core::Error(interrupt_ == SIGINT ? core::Exit::interrupted : core::Exit::terminated,
                        "cannot finish: ended by {}",
                        interrupt_ == SIGINT    ? "SIGINT"
                        : interrupt_ == SIGTERM ? "SIGTERM"
                                                : "SIGHUP")
          .with_hint("run again; the step under way was finished or undone");
    }
  }

  int wake_descriptor() const override { return signals_.number(); }

 private:
  steady_clock::time_point start_ = steady_clock::now();
  Duration deadline_;
  SignalDescriptor signals_;
  int interrupt_ = 0;
};

}  // namespace

std::unique_ptr<Clock> open_clock(Duration deadline, Overdue if_overdue) {
  overdue = std::move(if_overdue);
  return std::make_unique<SystemClock>(deadline);
}

}  // namespace io
