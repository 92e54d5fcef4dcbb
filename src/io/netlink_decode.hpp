// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <optional>

struct nlmsghdr;

// rtnetlink messages as our plain data (linux/rtnetlink.h, linux/fib_rules.h). An attribute of a
// length that its type cannot have is passed over. No message of any shape does harm.
namespace io {

core::Link decode_link(const nlmsghdr& message);
core::LinkAddress decode_address(const nlmsghdr& message);
core::Rule decode_rule(const nlmsghdr& message);

// Nothing for what is no unicast route (broadcast, local, blackhole, …).
std::optional<core::Route> decode_route(const nlmsghdr& message);

}  // namespace io
