// SPDX-License-Identifier: Apache-2.0
#include "io/neighbour.hpp"

#include "io/netlink.hpp"
#include "io/netlink_attribute.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace io {
namespace {

// The kernel's entry for that gateway, nullptr if `reply` is another's.
const ndmsg* entry_of(const nlmsghdr& reply, const core::NextHop& hop) {
  core::Ipv4 address;
  const auto* entry = each_attribute<ndmsg>(reply, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NDA_DST) {
      copy_value(attribute, address.octets);
    }
  });
  const bool same = entry != nullptr && address == hop.gateway &&
                    static_cast<std::uint32_t>(entry->ndm_ifindex) == hop.ifindex;
  return same ? entry : nullptr;
}

}  // namespace

std::optional<bool> neighbour_answers(Netlink& netlink, const core::NextHop& hop) {
  constexpr unsigned known = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
  std::optional<bool> answers;
  nlmsghdr* message = netlink.message(RTM_GETNEIGH, NLM_F_DUMP);
  auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
  *header = {};
  header->ndm_family = AF_INET;
  netlink.exchange(message, "list neighbours", [&](const nlmsghdr& reply) {
    if (const ndmsg* entry = entry_of(reply, hop)) {
      answers = (entry->ndm_state & known) != 0        ? std::optional(true)
                : (entry->ndm_state & NUD_FAILED) != 0 ? std::optional(false)
                                                       : std::nullopt;
    }
  });
  return answers;
}

}  // namespace io
