// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "io/netlink.hpp"

#include <optional>

namespace io {

// Our table of nf_tables, "ip do-egress-ip", over NETLINK_NETFILTER (linux/netfilter/nf_tables.h).
class Nftables {
 public:
  // One look; false when it was torn by a change meanwhile. Without rights or support it says so.
  bool read(core::Marking& marking);

  // Both throw as Netlink::exchange() does.
  void set(core::Ipv4 address);
  void remove();

 private:
  bool is_there();
  Netlink& netlink();

  std::optional<Netlink> netlink_ = {};
};

}  // namespace io
