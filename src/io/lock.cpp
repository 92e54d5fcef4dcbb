// SPDX-License-Identifier: Apache-2.0
#include "io/lock.hpp"

#include "core/error.hpp"
#include "io/netlink.hpp"
#include "io/nftables_message.hpp"

#include <arpa/inet.h>  // must precede linux/netfilter.h
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

namespace io {
namespace {

constexpr const char* lock_table = "do-egress-ip-lock";

// The kernel deletes the table with the socket that created it.
class OwnedTable : public Lock {
 public:
  OwnedTable() {
    Batch batch(netlink_.next());
    batch.add(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, [](nlmsghdr* message) {
      mnl_attr_put_strz(message, NFTA_TABLE_NAME, lock_table);
      put_number(message, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
    });
    netlink_.transact(batch.finish(), "lock the node's network");
  }

  int descriptor() const override { return netlink_.descriptor(); }

 private:
  Netlink netlink_{Netlink::Family::netfilter};
};

// The kernel answers EPERM to a process without the right, and also about a table with another
// owner. Only a process with the right may then look for the table.
bool is_held() {
  Netlink netlink(Netlink::Family::netfilter);
  return !core::catch_error_except_signals([&] {
    nlmsghdr* message = netlink.message(type_of(NFT_MSG_GETTABLE), NLM_F_ACK);
    put_header(message, NFPROTO_IPV4, 0);
    mnl_attr_put_strz(message, NFTA_TABLE_NAME, lock_table);
    netlink.exchange(message, "look for the lock", [](const nlmsghdr&) {});
  });
}

class OwnedTables : public Locks {
 public:
  std::unique_ptr<Lock> try_take() override {
    constexpr int tries = 3;  // the holder may end between the two requests
    for (int count = 1;; ++count) {
      std::unique_ptr<Lock> lock;
      const auto failure =
          core::catch_error_except_signals([&] { lock = std::make_unique<OwnedTable>(); });
      if (!failure) {
        return lock;
      }
      if (failure->exit() == core::Exit::no_permission && is_held()) {
        return nullptr;
      }
      if (count == tries) {
        throw core::Error(*failure);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Locks> open_locks() {
  return std::make_unique<OwnedTables>();
}

}  // namespace io
