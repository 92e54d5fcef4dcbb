// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace io {

enum class Level { error, hint, warning, info, debug };
enum class LogFormat { text, json };

// Writes messages to stderr, as text ("do-egress-ip: warning: …") or as one JSON object per line.
// Adds no timestamps: journald and the kubelet do.
class Log {
 public:
  Log(LogFormat format, Level most) : format_(format), most_(most) {}

  template <typename... Args>
  void write(Level level, fmt::format_string<Args...> format, Args&&... args) const {
    if (level <= most_) {
      put(level, fmt::format(format, std::forward<Args>(args)...));
    }
  }

  // Shows a waiting person one line that overwrites itself. Writes to a terminal only.
  void progress(const std::string& message) const;

 private:
  void put(Level level, const std::string& message) const;

  LogFormat format_;
  Level most_;
  mutable bool pending_line_ = false;  // the terminal shows a progress line
};

// `text` as a JSON string with its quotes. Bytes that are not ASCII become U+FFFD.
std::string quote_json(const std::string& text);

}  // namespace io
