// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

// Attributes of a netlink message. An attribute whose length its type cannot have is skipped.
namespace io {

inline std::span<const std::uint8_t> payload(const nlattr* attribute) {
  return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)),
          mnl_attr_get_payload_len(attribute)};
}

template <typename Value>
void copy_value(const nlattr* attribute, Value& value) {
  const auto bytes = payload(attribute);
  if (bytes.size() == sizeof value) {
    std::memcpy(&value, bytes.data(), sizeof value);
  }
}

template <typename Value>
void copy_value(const nlattr* attribute, std::optional<Value>& value) {
  if (payload(attribute).size() == sizeof(Value)) {
    copy_value(attribute, value.emplace());
  }
}

// An IPv4 prefix has at most 32 bits, whatever a message says.
inline int prefix_length(std::uint8_t bits) {
  return std::min<int>(bits, 32);
}

// Calls `visit` for each attribute after the header. Returns the header, or nothing if the message
// is shorter than that.
template <typename Header, typename Visit>
const Header* each_attribute(const nlmsghdr& message, Visit&& visit) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(Header)) {
    return nullptr;
  }
  mnl_attr_parse(
      &message, sizeof(Header),
      [](const nlattr* attribute, void* user) {
        (*static_cast<std::remove_reference_t<Visit>*>(user))(attribute);
        return MNL_CB_OK;
      },
      &visit);
  return static_cast<const Header*>(mnl_nlmsg_get_payload(&message));
}

}  // namespace io
