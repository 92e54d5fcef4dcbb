// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <optional>

namespace io {

class Netlink;

// Whether a gateway answers ARP on its device, as the kernel remembers; nothing where it never
// asked, or has not been told yet. Throws as Netlink::exchange() does.
std::optional<bool> neighbour_answers(Netlink& netlink, const core::NextHop& hop);

}  // namespace io
