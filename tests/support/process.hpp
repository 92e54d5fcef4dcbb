// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace support {

// How a program ended; 128 + N where signal N ended it.
struct Run {
  int exit = 0;
  std::string out = {};
  std::string err = {};
};

// The lines of a text that begin so, without their line feeds.
std::vector<std::string> lines_with(const std::string& text, const std::string& start);

// Of what a program said on stderr.
inline std::vector<std::string> errors(const Run& run) {
  return lines_with(run.err, "do-egress-ip: error: ");
}
inline std::vector<std::string> hints(const Run& run) {
  return lines_with(run.err, "do-egress-ip: hint: ");
}

using Variables = std::map<std::string, std::string>;

struct Command {
  std::vector<std::string> words = {};
  Variables environment = {};  // the whole of it
};

// A program that is running; killed where it is not waited for.
class Child {
 public:
  explicit Child(const Command& command);
  Child(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  void signal(int number) const;

  // Reads what it prints until it ends. Fails the test when that takes longer than five minutes.
  Run wait();

  // The same without waiting: takes what it has printed so far; nothing until it has ended. Not to
  // be asked again after that.
  std::optional<Run> poll();

 private:
  bool read_output(int timeout_ms);
  Run reap();

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Run so_far_ = {};
};

inline Run run(const Command& command) {
  return Child(command).wait();
}

// Runs the program and kills it (SIGKILL) right after its `nth` change of the kernel's network — a
// netlink message that makes or removes a route, a rule or our marking — has been made. False when
// it ended before that.
bool kill_after_change(const Command& command, int nth);

}  // namespace support
