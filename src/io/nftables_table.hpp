// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "io/nftables_message.hpp"

#include <array>
#include <cstdint>

// What our table of nf_tables consists of.
namespace io {

inline constexpr const char* our_table = "do-egress-ip";

// IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY: one rule of the marking for each.
inline constexpr std::array<std::uint8_t, 2> marking_directions = {0, 1};

void put_table_name(nlmsghdr* message);
void add_marking(Batch& batch, core::Ipv4 address);
void add_pod_snat(Batch& batch, const core::PodSnat& snat);

}  // namespace io
