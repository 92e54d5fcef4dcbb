// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "io/netlink.hpp"

#include <optional>
#include <vector>

namespace io {

// Our nf_tables table "ip do-egress-ip", over NETLINK_NETFILTER (linux/netfilter/nf_tables.h).
class Nftables {
 public:
  // Reads the table once. Returns false if a concurrent change tore the reading. Missing rights or
  // support are a state of `marking`.
  bool read(core::Marking& marking);

  // Both throw like Netlink::exchange().
  void set(core::Ipv4 address);
  void remove();

  // Of tables of other programs, every family. Throws as Netlink::exchange() does.
  std::vector<core::MarkUse> read_mark_uses();

 private:
  bool has_table();
  Netlink& netlink();

  std::optional<Netlink> netlink_ = {};
};

}  // namespace io
