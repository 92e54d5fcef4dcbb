// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

// Parses "90s", "2m", "500ms" or "1h30m": numbers, each with its unit. Returns nothing for a bare
// number, zero, or more than a day.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// Parses a UTC time in std::get_time's `format`, as a time since the Unix epoch. Ignores what
// follows it.
std::optional<std::chrono::seconds> parse_time(const std::string& text, const char* format);

// Parses a Date header (RFC 9110, 5.6.7, the preferred form).
std::optional<std::chrono::seconds> parse_date(const std::string& text);

}  // namespace core
