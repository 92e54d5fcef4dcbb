// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

struct nlmsghdr;

// What messages to nf_tables are put together from (linux/netfilter/nf_tables.h).
namespace io {

using Fill = std::function<void(nlmsghdr*)>;

// The message type for an NFT_MSG_….
std::uint16_t type_of(int message);

void put_header(nlmsghdr* message, std::uint8_t family, std::uint16_t resource);
void put_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value);
void put_nested(nlmsghdr* message, std::uint16_t type, const Fill& fill);

// Messages of which the kernel takes all or none.
class Batch {
 public:
  explicit Batch(std::uint32_t sequence);
  void add(int message, std::uint16_t flags, const Fill& fill);
  std::span<const char> finish();

 private:
  void add(std::uint16_t type, std::uint16_t flags);
  nlmsghdr* last();

  std::uint32_t sequence_;
  bool used_ = false;
  std::size_t start_ = 0;                          // of the last message
  alignas(8) std::array<char, 4096> buffer_ = {};  // three times what is put there
};

}  // namespace io
