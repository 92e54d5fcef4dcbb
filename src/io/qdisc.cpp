// SPDX-License-Identifier: Apache-2.0
#include "io/qdisc.hpp"

#include "io/netlink.hpp"
#include "io/netlink_attribute.hpp"

#include <linux/rtnetlink.h>

#include <string_view>

namespace io {

std::vector<std::uint32_t> list_programmed_devices(Netlink& netlink) {
  std::vector<std::uint32_t> devices;
  nlmsghdr* message = netlink.message(RTM_GETQDISC, NLM_F_DUMP);
  *static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(tcmsg))) = {};
  netlink.exchange(message, "list queueing disciplines", [&](const nlmsghdr& reply) {
    bool clsact = false;
    const auto* entry = each_attribute<tcmsg>(reply, [&](const nlattr* attribute) {
      clsact = clsact || (mnl_attr_get_type(attribute) == TCA_KIND &&
                          std::string_view(mnl_attr_get_str(attribute)) == "clsact");
    });
    if (entry != nullptr && clsact) {
      devices.push_back(static_cast<std::uint32_t>(entry->tcm_ifindex));
    }
  });
  return devices;
}

}  // namespace io
