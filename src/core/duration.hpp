// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

// "90s", "2m", "500ms", "1h30m": numbers, each with its unit. Nothing for a bare number, zero, or
// more than a day.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// A time of UTC since the Unix epoch, written as std::get_time's `format` says; what follows it is
// passed over.
std::optional<std::chrono::seconds> parse_time(const std::string& text, const char* format);

// The value of a Date header (RFC 9110, 5.6.7, the preferred form).
std::optional<std::chrono::seconds> parse_date(const std::string& text);

}  // namespace core
