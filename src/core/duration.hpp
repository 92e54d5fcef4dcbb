// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace core {

// "90s", "2m", "500ms", "1h30m": numbers, each with its unit. Nothing for a bare number, zero, or
// more than a day.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace core
