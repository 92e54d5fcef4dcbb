// SPDX-License-Identifier: Apache-2.0
#include "core/ip.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace core {
namespace {

std::uint32_t mask(int length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
}

}  // namespace

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
  std::array<char, INET_ADDRSTRLEN> copy = {};  // ends with 0
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  text.copy(copy.data(), text.size());
  Ipv4 address;
  return inet_pton(AF_INET, copy.data(), address.octets.data()) == 1 ? std::optional(address)
                                                                     : std::nullopt;
}

std::string Ipv4::to_string() const {
  return fmt::format("{}", fmt::join(octets, "."));
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = Ipv4::parse(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  Prefix prefix{*address, 32};
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto* end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, prefix.length);
    if (problem != std::errc{} || stop != end || prefix.length < 0 || prefix.length > 32) {
      return std::nullopt;
    }
  }
  if ((address->to_number() & ~mask(prefix.length)) != 0) {
    return std::nullopt;
  }
  return prefix;
}

std::string Prefix::to_string() const {
  return fmt::format("{}/{}", address.to_string(), length);
}

bool Prefix::contains(Ipv4 other) const {
  return ((other.to_number() ^ address.to_number()) & mask(length)) == 0;
}

Prefix Prefix::shortened(int to) const {
  std::uint32_t number = address.to_number() & mask(to);
  Prefix outer{{}, to};
  for (auto octet = outer.address.octets.rbegin(); octet != outer.address.octets.rend(); ++octet) {
    *octet = static_cast<std::uint8_t>(number & 0xffU);
    number >>= 8U;
  }
  return outer;
}

bool Prefix::contains(const Prefix& other) const {
  return length <= other.length && contains(other.address);
}

}  // namespace core
