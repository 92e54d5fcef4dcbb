// SPDX-License-Identifier: Apache-2.0
#include "io/nftables_message.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace io {

std::uint16_t type_of(int message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

void put_header(nlmsghdr* message, std::uint8_t family, std::uint16_t resource) {
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = family;
  header->version = NFNETLINK_V0;
  header->res_id = htons(resource);
}

// nf_tables expects numbers in network byte order.
void put_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(message, type, htonl(value));
}

void put_nested(nlmsghdr* message, std::uint16_t type, const Fill& fill) {
  nlattr* outer = mnl_attr_nest_start(message, type);
  fill(message);
  mnl_attr_nest_end(message, outer);
}

Batch::Batch(std::uint32_t sequence) : sequence_(sequence) {
  add(NFNL_MSG_BATCH_BEGIN, 0);
  put_header(last(), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

void Batch::add(int message, std::uint16_t flags, const Fill& fill) {
  add(type_of(message), flags);
  put_header(last(), NFPROTO_IPV4, 0);
  fill(last());
}

std::span<const char> Batch::finish() {
  last()->nlmsg_flags |= NLM_F_ACK;
  add(NFNL_MSG_BATCH_END, 0);
  put_header(last(), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  return {buffer_.data(), start_ + last()->nlmsg_len};
}

void Batch::add(std::uint16_t type, std::uint16_t flags) {
  start_ = used_ ? start_ + MNL_ALIGN(last()->nlmsg_len) : 0;
  used_ = true;
  nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data() + start_);
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message->nlmsg_seq = sequence_;
}

nlmsghdr* Batch::last() {
  return reinterpret_cast<nlmsghdr*>(buffer_.data() + start_);
}

}  // namespace io
