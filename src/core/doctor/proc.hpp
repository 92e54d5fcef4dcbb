// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

// Files of /proc as text.
namespace core {

// Whether the process of that /proc/PID/status has CAP_NET_ADMIN; nothing where it does not say.
std::optional<bool> parse_net_admin(std::string_view status);

// A sysctl that is a number.
std::optional<int> parse_sysctl(std::string_view text);

}  // namespace core
