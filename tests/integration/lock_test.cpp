// SPDX-License-Identifier: Apache-2.0
#include "io/lock.hpp"

#include "core/error.hpp"
#include "integration/private_network.hpp"
#include "integration/processes.hpp"
#include "io/guard.hpp"

#include <sched.h>
#include <unistd.h>

// The kernel's lock, in the test's own network namespace.

using integration::comes_true;
using integration::Maker;
using integration::Shared;

namespace {

bool is_free() {
  return io::open_locks()->try_take() != nullptr;
}

int hold(Shared& shared) {
  const auto lock = io::open_locks()->try_take();
  shared.ready = lock != nullptr;
  return integration::wait_to_be_killed();
}

}  // namespace

TEST_CASE("lock: held, no other process gets it") {
  integration::renew_private_network();
  const auto locks = io::open_locks();
  auto lock = locks->try_take();
  REQUIRE(lock != nullptr);
  CHECK(lock->descriptor() >= 0);
  CHECK(locks->try_take() == nullptr);
  CHECK_FALSE(is_free());
  lock.reset();
  CHECK(is_free());
}

TEST_CASE("lock: holder killed, is free at once") {
  integration::renew_private_network();
  Shared& shared = integration::share();
  Maker holder([&] { return hold(shared); });
  REQUIRE(comes_true(shared.ready));
  CHECK_FALSE(is_free());
  holder.send(SIGSTOP);
  CHECK_FALSE(is_free());
  holder.end();
  CHECK(is_free());
}

TEST_CASE("lock: two network namespaces, have separate locks") {
  integration::renew_private_network();
  Shared& shared = integration::share();
  Maker holder([&] { return hold(shared); });
  REQUIRE(comes_true(shared.ready));
  integration::renew_private_network();
  CHECK(is_free());
}

TEST_CASE("lock: no CAP_NET_ADMIN, is refused whether held or not") {
  integration::renew_private_network();
  auto lock = io::open_locks()->try_take();
  for (const bool held : {true, false}) {
    CAPTURE(held);
    Maker other([] {
      if (unshare(CLONE_NEWUSER) != 0) {
        return 77;  // now the network belongs to another user namespace
      }
      const auto failure = core::catch_error_except_signals([] { io::open_locks()->try_take(); });
      return failure ? static_cast<int>(failure->exit()) : 0;
    });
    CHECK(other.exit_code() == static_cast<int>(core::Exit::no_permission));
    lock.reset();
    CHECK(is_free());
  }
}

// The next run must not start between the end of this run and its guard's undo.
TEST_CASE("lock: guard running, keeps it until its undo is done") {
  integration::renew_private_network();
  Shared& shared = integration::share();
  Maker maker([&] {
    const auto lock = io::open_locks()->try_take();
    const auto guard = io::open_guards()->open(
        [&shared](io::Kernel&) {
          shared.undoing = true;
          comes_true(shared.go);
          ++shared.undone;
        },
        io::Duration{60'000}, lock.get());
    shared.ready = lock != nullptr;
    return integration::wait_to_be_killed();
  });
  REQUIRE(comes_true(shared.ready));
  CHECK_FALSE(is_free());
  maker.end();
  REQUIRE(comes_true(shared.undoing));
  CHECK_FALSE(is_free());
  CHECK(shared.undone == 0);
  shared.go = true;
  CHECK(comes_true(is_free));
  CHECK(shared.undone == 1);
}
