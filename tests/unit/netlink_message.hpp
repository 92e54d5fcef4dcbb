// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/builders.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace unit {

// A hand-made netlink message: its header, one header of a type, attributes.
class Message {
 public:
  template <typename Header>
  explicit Message(const Header& header) {
    put(&header, sizeof header);
  }

  Message& bytes(int type, std::span<const std::uint8_t> payload) {
    const nlattr attribute{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()),
                           .nla_type = static_cast<std::uint16_t>(type)};
    put(&attribute, sizeof attribute);
    put(payload.data(), payload.size());
    return *this;
  }
  Message& number(int type, std::uint32_t value) { return value_of(type, value); }
  Message& number8(int type, std::uint8_t value) { return value_of(type, value); }
  Message& address(int type, std::string_view text) {
    return bytes(type, support::ip(text).octets);
  }
  Message& text(int type, std::string_view value) {
    return bytes(type, {reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  // An attribute header with that `length`, whatever follows.
  Message& promise(int type, std::uint16_t length) {
    const nlattr attribute{.nla_len = length, .nla_type = static_cast<std::uint16_t>(type)};
    put(&attribute, sizeof attribute);
    return *this;
  }

  // The message cut after `size` bytes, in memory of exactly that size, so that a sanitizer sees
  // any read beyond it.
  template <typename Decode>
  auto decoded_by(Decode decode, std::size_t size) const {
    const std::size_t length = std::max(size, sizeof(nlmsghdr));
    std::vector<std::uint32_t> memory((length + 3) / 4);
    std::memcpy(memory.data() + 4, data_.data(), length - sizeof(nlmsghdr));
    auto* header = reinterpret_cast<nlmsghdr*>(memory.data());
    header->nlmsg_len = static_cast<std::uint32_t>(length);
    return decode(*header);
  }
  template <typename Decode>
  auto decoded_by(Decode decode) const {
    return decoded_by(decode, size());
  }
  std::size_t size() const { return sizeof(nlmsghdr) + data_.size(); }

 private:
  template <typename Value>
  Message& value_of(int type, const Value& value) {
    return bytes(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  void put(const void* from, std::size_t size) {
    const auto* start = static_cast<const std::uint8_t*>(from);
    data_.insert(data_.end(), start, start + size);
    data_.resize(NLMSG_ALIGN(data_.size()));
  }

  std::vector<std::uint8_t> data_ = {};
};

}  // namespace unit
