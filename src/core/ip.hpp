// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace core {

struct Ipv4 {
  std::array<std::uint8_t, 4> octets{};

  // Accepts dotted decimal with four parts only (RFC 6943, 3.1.1, the strict form).
  static std::optional<Ipv4> parse(std::string_view text);
  std::string to_string() const;
  std::uint32_t to_number() const {  // host byte order
    return std::uint32_t{octets[0]} << 24U | std::uint32_t{octets[1]} << 16U |
           std::uint32_t{octets[2]} << 8U | octets[3];
  }
  // As numbers, because thousands are compared.
  auto operator<=>(const Ipv4& other) const { return to_number() <=> other.to_number(); }
  bool operator==(const Ipv4& other) const {
    return std::bit_cast<std::uint32_t>(octets) == std::bit_cast<std::uint32_t>(other.octets);
  }
};

// A network; the bits beyond `length` are zero.
struct Prefix {
  Ipv4 address{};
  int length = 0;

  // Parses "10.0.0.0/8", or an address alone as a /32. Returns nothing if host bits are set.
  static std::optional<Prefix> parse(std::string_view text);
  static Prefix host(Ipv4 address) { return {address, 32}; }
  std::string to_string() const;
  bool contains(Ipv4 other) const;
  bool contains(const Prefix& other) const;  // all of it; itself, too
  Prefix shortened(int to) const;            // the network of that length around it
  auto operator<=>(const Prefix& other) const { return rank() <=> other.rank(); }
  bool operator==(const Prefix&) const = default;

 private:
  std::uint64_t rank() const {
    return std::uint64_t{address.to_number()} << 32U | static_cast<std::uint32_t>(length);
  }
};

}  // namespace core
