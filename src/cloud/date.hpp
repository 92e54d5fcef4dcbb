// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace cloud {

// The value of a Date header (RFC 9110, 5.6.7, the preferred form) since the Unix epoch; nothing
// for anything else.
std::optional<std::chrono::seconds> parse_date(const std::string& text);

}  // namespace cloud
