// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace nemesis {

// Milliseconds since the Unix epoch, like the servers' journal.
inline std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Records events with their times, one per line.
class Trace {
 public:
  void note(const std::string& line);
  const std::string& text() const { return text_; }

 private:
  std::int64_t start_ = wall_ms();
  std::string text_ = {};
};

}  // namespace nemesis
