// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kernel_dump.hpp"
#include "io/netlink.hpp"

namespace io {

// Links, and everything of IPv4 else. If concurrent changes tear every reading, the last one
// counts. Throws as Netlink::exchange() does.
core::KernelDump dump_kernel(Netlink& netlink);

}  // namespace io
