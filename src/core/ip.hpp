// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
  std::uint32_t to_number() const;                // host byte order
  auto operator<=>(const Ipv4&) const = default;  // NOLINT(modernize-use-nullptr): false alarm
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
  bool contains(const Prefix& other) const;         // all of it; itself, too
  Prefix shortened(int to) const;                   // the network of that length around it
  auto operator<=>(const Prefix&) const = default;  // NOLINT(modernize-use-nullptr): false alarm
};

}  // namespace core
