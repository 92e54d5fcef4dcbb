// SPDX-License-Identifier: Apache-2.0
#include "io/guard.hpp"

#include "core/error.hpp"
#include "integration/processes.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

// The real guard in its own process.

using integration::comes_true;
using integration::Maker;
using integration::Shared;
using io::Duration;
using io::Guard;

namespace {

constexpr Duration for_long{60'000};

std::unique_ptr<Guard> open_guard(Shared& shared, Duration patience = for_long) {
  return io::open_guards()->open([&shared](io::Kernel&) { ++shared.undone; }, patience, nullptr);
}

}  // namespace

TEST_CASE("guard: its parent is killed, undoes the change") {
  Shared& shared = integration::share();
  Maker maker([&] {
    const auto guard = open_guard(shared);
    shared.ready = true;
    return integration::wait_to_be_killed();
  });
  REQUIRE(comes_true(shared.ready));
  CHECK(shared.undone == 0);
  maker.end();
  CHECK(comes_true([&] { return shared.undone == 1; }));
}

TEST_CASE("guard: destroyed without a confirmation, undoes the change") {
  Shared& shared = integration::share();
  open_guard(shared).reset();
  CHECK(comes_true([&] { return shared.undone == 1; }));
}

TEST_CASE("guard: its parent is stopped beyond the deadline, undoes the change and reports it") {
  Shared& shared = integration::share();
  Maker maker([&] {
    const auto guard = open_guard(shared, Duration{100});
    raise(SIGSTOP);
    return static_cast<int>(guard->confirm());
  });
  maker.wait_until_stopped();
  CHECK(comes_true([&] { return shared.undone == 1; }));
  maker.send(SIGCONT);
  CHECK(maker.exit_code() == static_cast<int>(Guard::End::undone));
  CHECK(shared.undone == 1);
}

TEST_CASE("guard: confirmed, undoes nothing and leaves no process") {
  Shared& shared = integration::share();
  const pid_t process = [&] {
    const auto guard = open_guard(shared);
    CHECK(guard->confirm() == Guard::End::confirmed);
    return shared.last_child.load();
  }();
  CHECK(comes_true([&] {
    waitpid(process, nullptr, WNOHANG);
    return kill(process, 0) != 0;
  }));
  CHECK(shared.undone == 0);
}

TEST_CASE("guard: killed, is reported as missing and the parent goes on") {
  Shared& shared = integration::share();
  const auto guard = open_guard(shared);
  REQUIRE(comes_true([&] { return shared.last_child != 0; }));
  kill(shared.last_child, SIGKILL);
  CHECK(guard->confirm() == Guard::End::missing);
  CHECK(guard->confirm() == Guard::End::missing);
  CHECK(shared.undone == 0);
}

TEST_CASE("guard: stopped, is killed by the confirmation and undoes nothing later") {
  Shared& shared = integration::share();
  const auto guard = open_guard(shared);
  REQUIRE(comes_true([&] { return shared.last_child != 0; }));
  kill(shared.last_child, SIGSTOP);
  CHECK(guard->confirm() == Guard::End::missing);
  kill(shared.last_child, SIGCONT);
  siginfo_t end = {};
  REQUIRE(waitid(P_PID, static_cast<id_t>(shared.last_child), &end, WEXITED | WNOWAIT) == 0);
  CHECK(end.si_code == CLD_KILLED);
  CHECK(shared.undone == 0);
}

TEST_CASE("guard: still undoing when it is confirmed, is reported as undone") {
  Shared& shared = integration::share();
  const auto guard = io::open_guards()->open(
      [&shared](io::Kernel&) {
        shared.ready = true;
        integration::wait_to_be_killed();
      },
      Duration{0}, nullptr);
  REQUIRE(comes_true(shared.ready));
  CHECK(guard->confirm() == Guard::End::undone);
  kill(shared.last_child, SIGKILL);
}

TEST_CASE("guard: failed undo, is repeated") {
  Shared& shared = integration::share();
  io::open_guards()
      ->open(
          [&shared](io::Kernel&) {
            if (++shared.undone < 3) {
              throw core::Error(core::Exit::os_error, "the kernel refuses");
            }
          },
          for_long, nullptr)
      .reset();
  CHECK(comes_true([&] { return shared.undone == 3; }));
}

// A reader of our output, or a peer of our connections, must not wait for the guard.
TEST_CASE("guard: descriptors of its parent, are closed") {
  Shared& shared = integration::share();
  std::array<int, 2> ends = {};
  REQUIRE(pipe(ends.data()) == 0);
  constexpr int far_up = 30;  // above the guard's own descriptors
  const int written_to = fcntl(ends[1], F_DUPFD, far_up);
  close(ends[1]);
  const auto guard = open_guard(shared);
  close(written_to);
  pollfd end{.fd = ends[0], .events = POLLIN, .revents = 0};
  CHECK(poll(&end, 1, static_cast<int>(for_long.count())) == 1);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == 0);
  CHECK(guard->confirm() == Guard::End::confirmed);
  close(ends[0]);
}
