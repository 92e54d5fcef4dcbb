// SPDX-License-Identifier: Apache-2.0
#include "io/log.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace io {
namespace {

constexpr std::array<std::string_view, 5> level_names = {"error", "hint", "warning", "info",
                                                         "debug"};

}  // namespace

std::string quote_json(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      result += '\\';
      result += letter;
    } else if (code < 0x20 || code >= 0x7f) {
      result += code < 0x20 ? fmt::format("\\u{:04x}", code) : "\\ufffd";
    } else {
      result += letter;
    }
  }
  return result + '"';
}

void Log::progress(const std::string& message) const {
  if (format_ == LogFormat::text && most_ >= Level::info && isatty(STDERR_FILENO) == 1) {
    const std::string line = fmt::format("\r\033[Kdo-egress-ip: {} …", message);
    std::fwrite(line.data(), 1, line.size(), stderr);
    pending_line_ = true;
  }
}

void Log::put(Level level, const std::string& message) const {
  const std::string_view name = level_names.at(static_cast<std::size_t>(level));
  const std::string text = core::redact(message);
  const std::string line =
      format_ == LogFormat::json
          ? fmt::format("{{\"level\":\"{}\",\"message\":{}}}\n", name, quote_json(text))
          : fmt::format("do-egress-ip: {}: {}\n", name, text);
  if (pending_line_) {
    std::fputs("\r\033[K", stderr);
    pending_line_ = false;
  }
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace io
