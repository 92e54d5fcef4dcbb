// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/proc.hpp"

#include <charconv>
#include <cstdint>

namespace core {
namespace {

template <typename Number>
std::optional<Number> leading_number(std::string_view text, int base) {
  Number number{};
  const auto [stop, problem] =
      std::from_chars(text.data(), text.data() + text.size(), number, base);
  return problem == std::errc{} ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<bool> parse_net_admin(std::string_view status) {
  constexpr std::uint64_t net_admin = std::uint64_t{1} << 12U;  // CAP_NET_ADMIN, capability.h
  constexpr std::string_view key = "\nCapEff:\t";
  const auto start = status.find(key);
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  const auto set = leading_number<std::uint64_t>(status.substr(start + key.size()), 16);
  return set ? std::optional((*set & net_admin) != 0) : std::nullopt;
}

std::optional<int> parse_sysctl(std::string_view text) {
  return leading_number<int>(text, 10);
}

}  // namespace core
