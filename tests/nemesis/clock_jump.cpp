// SPDX-License-Identifier: Apache-2.0
// Preloaded into a run: shifts its wall clock by CLOCK_JUMP_SECONDS after CLOCK_JUMP_AFTER_MS. The
// monotonic clock, which deadlines use, stays.
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

long number(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? 0 : std::atol(value);
}

long monotonic_ms() {
  timespec now = {};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

long offset() {
  static const long begin = monotonic_ms();
  static const long after = number("CLOCK_JUMP_AFTER_MS");
  static const long seconds = number("CLOCK_JUMP_SECONDS");
  return monotonic_ms() - begin >= after ? seconds : 0;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* result) noexcept {
  const auto status = static_cast<int>(syscall(SYS_clock_gettime, clock, result));
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    result->tv_sec += offset();
  }
  return status;
}

int gettimeofday(timeval* result, void*) noexcept {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  *result = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) {
    *result = now.tv_sec;
  }
  return now.tv_sec;
}
}
