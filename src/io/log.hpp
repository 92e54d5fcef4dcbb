// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace io {

enum class Level { error, hint, warning, info, debug };
enum class LogFormat { text, json };

// What people and collectors read on stderr: "do-egress-ip: warning: …", or one JSON object a line.
// No timestamps: journald and the kubelet have them.
class Log {
 public:
  Log(LogFormat format, Level most) : format_(format), most_(most) {}

  template <typename... Args>
  void write(Level level, fmt::format_string<Args...> format, Args&&... args) const {
    if (level <= most_) {
      put(level, fmt::format(format, std::forward<Args>(args)...));
    }
  }

  // For a person who waits: one line that overwrites itself, on a terminal only.
  void progress(const std::string& message) const;

 private:
  void put(Level level, const std::string& message) const;

  LogFormat format_;
  Level most_;
  mutable bool pending_line_ = false;  // a progress line stands there
};

// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD's escape.
std::string quoted(const std::string& text);

}  // namespace io
