// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

struct nlmsghdr;

// Builds messages to nf_tables (linux/netfilter/nf_tables.h).
namespace io {

using Fill = std::function<void(nlmsghdr*)>;

// The message type of an NFT_MSG_….
std::uint16_t type_of(int message);

void put_header(nlmsghdr* message, std::uint8_t family, std::uint16_t resource);
void put_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value);
void put_nested(nlmsghdr* message, std::uint16_t type, const Fill& fill);

// Messages that the kernel applies all together or not at all.
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
  alignas(8) std::array<char, 8192> buffer_ = {};  // three times the size of our largest batch
};

}  // namespace io
