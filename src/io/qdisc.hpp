// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace io {

class Netlink;

// Devices where packets can meet programs (tc-bpf(8)), which may send them on past netfilter.
// Throws as Netlink::exchange() does.
std::vector<std::uint32_t> list_programmed_devices(Netlink& netlink);

}  // namespace io
