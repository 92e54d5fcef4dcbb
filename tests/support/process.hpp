// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace support {

// The result of a program; its exit code is 128 + N after signal N.
struct Run {
  int exit = 0;
  std::string out = {};
  std::string err = {};
};

// The lines with that prefix, without their line feeds.
std::vector<std::string> lines_with(const std::string& text, const std::string& start);

// The lines of stderr with that prefix.
inline std::vector<std::string> errors(const Run& run) {
  return lines_with(run.err, "do-egress-ip: error: ");
}
inline std::vector<std::string> hints(const Run& run) {
  return lines_with(run.err, "do-egress-ip: hint: ");
}

using Variables = std::map<std::string, std::string>;

struct Command {
  std::vector<std::string> words = {};
  Variables environment = {};  // the complete environment
};

// A running program. It is killed if nobody waits for it.
class Child {
 public:
  explicit Child(const Command& command);
  Child(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  void signal(int number) const;

  // Reads its output until it ends. Fails the test after five minutes.
  Run wait();

  // The same without waiting: reads the output so far, and returns nothing until the program has
  // ended. Must not be called after that.
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

// Runs the program and kills it (SIGKILL) right after its `nth` change of the network: a netlink
// message that adds or removes a route, a rule or our marking. Returns false if the program ended
// before.
bool kill_after_change(const Command& command, int nth);

}  // namespace support
