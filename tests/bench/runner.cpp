// SPDX-License-Identifier: Apache-2.0
// Runs a program, its stdout thrown away, and prints what that cost: wall time and CPU time in
// microseconds, the largest peak memory in KiB; children that it waited for included. Ends as the
// program does. A process begins with the peak of the one that spawned it, so this one is linked
// statically and does not use the C++ library.
// Usage: runner PROGRAM [ARGUMENT]...
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

long long microseconds(const timeval& time) {
  return static_cast<long long>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

long long now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<long long>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1'000;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    return 64;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const long long start = now();
  pid_t child = 0;
  if (posix_spawnp(&child, argv[1], &actions, nullptr, argv + 1, environ) != 0) {
    return 127;
  }
  int status = 0;
  rusage used = {};
  if (wait4(child, &status, 0, &used) != child) {
    return 70;
  }
  const long long wall = now() - start;
  printf("%lld %lld %ld\n", wall, microseconds(used.ru_utime) + microseconds(used.ru_stime),
         used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
