// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <new>
#include <thread>
#include <utility>

namespace integration {

// Memory that processes share after a fork.
struct Shared {
  std::atomic<int> undone = 0;
  std::atomic<bool> ready = false;
  std::atomic<bool> undoing = false;
  std::atomic<bool> go = false;
  std::atomic<pid_t> last_child = 0;  // the last forked process
};

// New for each test.
inline Shared& share() {
  static Shared* const shared = [] {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return new (memory) Shared;
  }();
  static const int told = pthread_atfork(nullptr, nullptr, [] { shared->last_child = getpid(); });
  static_cast<void>(told);
  shared->undone = 0;
  shared->ready = false;
  shared->undoing = false;
  shared->go = false;
  shared->last_child = 0;
  return *shared;
}

// Waits until the condition holds, long enough for a busy machine.
template <typename Condition>
bool comes_true(const Condition& condition) {
  constexpr std::chrono::seconds limit{20};
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

inline bool comes_true(const std::atomic<bool>& flag) {
  return comes_true([&] { return flag.load(); });
}

[[noreturn]] inline int wait_to_be_killed() {
  for (;;) {
    pause();
  }
}

// A child process that runs `body`, killed at the latest with this object.
class Maker {
 public:
  explicit Maker(const std::function<int()>& body) : process_(fork()) {
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      _exit(body());
    }
  }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;
  ~Maker() { end(); }

  void send(int signal) const { kill(process_, signal); }
  void wait_until_stopped() const { REQUIRE(waitpid(process_, nullptr, WUNTRACED) == process_); }
  int exit_code() {
    int status = 0;
    if (!comes_true([&] { return waitpid(process_, &status, WNOHANG) == process_; })) {
      end();
      return -1;
    }
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void end() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(std::exchange(process_, -1), nullptr, 0);
    }
  }

 private:
  pid_t process_;
};

}  // namespace integration
