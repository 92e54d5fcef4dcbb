// SPDX-License-Identifier: Apache-2.0
// The contents of a netlink message, as other kernel versions may send them.
#include "fuzz.hpp"
#include "io/netlink_decode.hpp"

#include <linux/netlink.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

bool is_length(int length) {
  return length >= 0 && length <= 32;
}

void decode(const nlmsghdr& message) {
  const auto link = io::decode_link(message);
  fuzz::require(link.name.find('\0') == std::string::npos, "a name ends at its first zero");
  fuzz::require(link.mac.size() % 3 == (link.mac.empty() ? 0 : 2), "a MAC is bytes and colons");
  fuzz::require(link.kind.find('\0') == std::string::npos, "a kind ends at its first zero");
  const auto rule = io::decode_rule(message);
  fuzz::require(!rule.source || is_length(rule.source->length), "a rule's source is a prefix");
  fuzz::require(is_length(io::decode_address(message).length), "an address has 32 bits");
  if (const auto route = io::decode_route(message)) {
    fuzz::require(is_length(route->destination.length), "a destination is a prefix");
  }
}

}  // namespace

// Copies the input to memory of exactly that size, so that the sanitizer sees any read beyond it.
// The size is a multiple of a word (NLMSG_ALIGN), as the kernel sends and libmnl reads it.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::size_t length = sizeof(nlmsghdr) + size;
  const std::unique_ptr<nlmsghdr, decltype(&std::free)> message(
      static_cast<nlmsghdr*>(std::calloc(1, NLMSG_ALIGN(length))), std::free);
  message->nlmsg_len = static_cast<std::uint32_t>(length);
  if (size > 0) {
    std::memcpy(message.get() + 1, data, size);
  }
  decode(*message);
  return 0;
}
