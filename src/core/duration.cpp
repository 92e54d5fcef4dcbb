// SPDX-License-Identifier: Apache-2.0
#include "core/duration.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <utility>

namespace core {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest = std::chrono::hours{24};

constexpr std::array<std::pair<std::string_view, milliseconds>, 4> units = {{
    {"ms", milliseconds{1}},
    {"s", std::chrono::seconds{1}},
    {"m", std::chrono::minutes{1}},
    {"h", std::chrono::hours{1}},
}};

// Removes the unit at the start of `text`; the longer names come first.
std::optional<milliseconds> take_unit(std::string_view& text) {
  for (const auto& [name, length] : units) {
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return length;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  milliseconds total{0};
  while (!text.empty()) {
    unsigned number = 0;
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    const auto unit = take_unit(text);
    if (problem != std::errc{} || !unit || number > 86'400'000) {
      return std::nullopt;
    }
    total += number * *unit;
    if (total > longest) {
      return std::nullopt;
    }
  }
  return total > milliseconds{0} ? std::optional(total) : std::nullopt;
}

std::optional<std::chrono::seconds> parse_time(const std::string& text, const char* format) {
  std::tm parts = {};
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&parts, format);
  return stream.fail() ? std::nullopt : std::optional(std::chrono::seconds{timegm(&parts)});
}

std::optional<std::chrono::seconds> parse_date(const std::string& text) {
  return parse_time(text, "%a, %d %b %Y %H:%M:%S");
}

}  // namespace core
