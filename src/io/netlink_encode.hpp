// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <cstddef>
#include <cstdint>

struct nlmsghdr;

// What the program asks of the kernel's network, as messages of rtnetlink(7).
namespace io {

// Room for the header of a kind of message, all zeros.
void* put_zeros(nlmsghdr* message, std::size_t size);
template <typename Header>
Header* header_of(nlmsghdr* message) {
  return static_cast<Header*>(put_zeros(message, sizeof(Header)));
}

void put_address(nlmsghdr* message, std::uint16_t type, core::Ipv4 address);
void put_route(nlmsghdr* message, const core::Route& route);
void put_rule(nlmsghdr* message, const core::Rule& rule);

}  // namespace io
