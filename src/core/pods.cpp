// SPDX-License-Identifier: Apache-2.0
#include "core/pods.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace core {
namespace {

// Takes a number off the front of `text`; nothing where there is none.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "1.18" of "1.18.3-rc.1".
std::optional<CiliumVersion> parse_version(std::string_view text) {
  const auto major = take_number(text);
  if (!major || !text.starts_with('.')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto minor = take_number(text);
  return minor ? std::optional(CiliumVersion{.major = *major, .minor = *minor}) : std::nullopt;
}

}  // namespace

std::optional<CiliumVersion> cilium_version_of_image(const std::string& image) {
  const std::string_view whole = image;
  const std::string_view name = whole.substr(0, whole.find('@'));
  const auto colon = name.rfind(':');
  if (colon == std::string_view::npos || name.find('/', colon) != std::string_view::npos) {
    return std::nullopt;  // a registry's port
  }
  std::string_view tag = name.substr(colon + 1);
  tag.remove_prefix(tag.starts_with('v') ? 1 : 0);
  auto version = parse_version(tag);
  if (version) {
    version->origin = "image of DaemonSet cilium";
  }
  return version;
}

std::optional<CiliumVersion> cilium_version_of_doks(const std::string& version) {
  // DOKS 1.32 came with Cilium 1.16, 1.33 with 1.17, 1.34 with 1.18, and 1.36 with 1.19.
  constexpr int first = 32;
  constexpr std::array<int, 5> minors = {16, 17, 18, 18, 19};
  const auto doks = parse_version(version);
  if (!doks || doks->major != 1 || doks->minor < first) {
    return std::nullopt;
  }
  const auto place = static_cast<std::size_t>(doks->minor - first);
  return CiliumVersion{.major = 1,
                       .minor = place < minors.size() ? minors.at(place) : minors.back(),
                       .origin = "DOKS " + version};
}

std::string_view name_of(PodSource egress) {
  constexpr std::array<std::string_view, 4> names = {"anchor", "public", "dead", "unknown"};
  return names.at(static_cast<std::size_t>(egress));
}

std::string_view name_of(Cure cure) {
  constexpr std::array<std::string_view, 3> names = {"none", "snat", "stack"};
  return names.at(static_cast<std::size_t>(cure));
}

}  // namespace core
