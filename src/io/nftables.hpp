// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "io/netlink.hpp"

#include <optional>
#include <vector>

namespace io {

// Our table of nf_tables, "ip do-egress-ip", over NETLINK_NETFILTER (linux/netfilter/nf_tables.h).
class Nftables {
 public:
  // One look at the marking and the translation of pods; false when it was torn by a change
  // meanwhile. Without rights or support it says so.
  bool read(core::Network& network);

  // What others' tables do to what pods send. Throws as Netlink::exchange() does.
  std::vector<core::Translation> read_translations();

  // All throw as Netlink::exchange() does. What is not named stays as it is.
  void set(core::Ipv4 marked);
  void set(const core::PodSnat& snat);
  void remove_marking();
  void remove_pod_snat();

  // Of tables of other programs, every family. Throws as Netlink::exchange() does.
  std::vector<core::MarkUse> read_mark_uses();

 private:
  struct Content {
    std::optional<core::Ipv4> marked = {};
    std::optional<core::PodSnat> snat = {};
  };
  Content content();
  void write(const Content& content);
  bool is_there();
  Netlink& netlink();

  std::optional<Netlink> netlink_ = {};
};

}  // namespace io
