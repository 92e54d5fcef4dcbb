// SPDX-License-Identifier: Apache-2.0
#include "io/kernel_dump.hpp"

#include "io/netlink_attribute.hpp"

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>

namespace io {
namespace {

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

template <typename Header>
void add(std::vector<core::KernelObject>& objects, const nlmsghdr& message) {
  core::KernelObject object;
  const auto* header = each_attribute<Header>(message, [&](const nlattr* attribute) {
    object.attributes.emplace_back(mnl_attr_get_type(attribute), text_of(payload(attribute)));
  });
  if (header != nullptr) {
    object.header.resize(sizeof(Header));
    std::memcpy(object.header.data(), header, sizeof(Header));
    objects.push_back(std::move(object));
  }
}

template <typename Header>
void dump(Netlink& netlink, std::uint16_t type, std::vector<core::KernelObject>& objects) {
  constexpr int tries = 3;
  bool whole = false;
  for (int count = 0; count < tries && !whole; ++count) {
    objects.clear();
    nlmsghdr* message = netlink.message(type, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(message, sizeof(Header));
    if (type == RTM_GETLINK) {
      mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    } else {
      // Each of these headers starts with the family.
      *static_cast<std::uint8_t*>(mnl_nlmsg_get_payload(message)) = AF_INET;
    }
    whole = netlink.exchange(message, "list the network",
                             [&](const nlmsghdr& reply) { add<Header>(objects, reply); });
  }
}

}  // namespace

core::KernelDump dump_kernel(Netlink& netlink) {
  core::KernelDump found;
  dump<ifinfomsg>(netlink, RTM_GETLINK, found.links);
  dump<ifaddrmsg>(netlink, RTM_GETADDR, found.addresses);
  dump<fib_rule_hdr>(netlink, RTM_GETRULE, found.rules);
  dump<rtmsg>(netlink, RTM_GETROUTE, found.routes);
  return found;
}

}  // namespace io
