// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_attribute.hpp"
#include "io/netlink_decode.hpp"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <sstream>

// What our rules of nf_tables carry to tell what they are: a comment, as nft(8) shows it, with the
// rule's version.
namespace io {
namespace {

constexpr std::string_view marking_start = "2: keeps ";  // 1 was a whole mark
constexpr std::string_view snat_start = "1: pods ";

// Of libnftnl's format: type 0 is a comment, then a length, then a text that ends with 0.
std::string comment(const std::string& text) {
  const auto size = static_cast<char>(text.size() + 1);
  return std::string{'\0', size} + text + '\0';
}

// What follows `start` in the comment of a rule; empty where it has no such comment.
std::string find_note(const nlmsghdr& message, std::string_view start) {
  std::string told;
  each_attribute<nfgenmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) != NFTA_RULE_USERDATA) {
      return;
    }
    const auto bytes = payload(attribute);
    const std::string note(bytes.begin(), bytes.end());
    const std::size_t before = 2 + start.size();
    if (note.size() > before && note.substr(2, start.size()) == start) {
      told = note.substr(before, note.size() - before - 1);
    }
    told = note == comment(std::string(start) + told) ? told : "";
  });
  return told;
}

}  // namespace

std::string marking_note(core::Ipv4 address) {
  return comment(fmt::format("{}{}", marking_start, address.to_string()));
}

std::optional<core::Ipv4> decode_marking(const nlmsghdr& message) {
  return core::Ipv4::parse(find_note(message, marking_start));
}

std::string pod_snat_note(const core::PodSnat& snat) {
  return comment(fmt::format("{}{} {} {} {} {}", snat_start, core::name_of(snat.cure),
                             snat.pods.to_string(), snat.anchor.to_string(),
                             snat.gateway.to_string(),
                             snat.native_network ? snat.native_network->to_string() : "-"));
}

std::optional<core::PodSnat> decode_pod_snat(const nlmsghdr& message) {
  std::istringstream words(find_note(message, snat_start));
  std::array<std::string, 5> word;
  for (std::string& one : word) {
    words >> one;
  }
  const auto pods = core::Prefix::parse(word[1]);
  const auto anchor = core::Ipv4::parse(word[2]);
  const auto gateway = core::Ipv4::parse(word[3]);
  if (!pods || !anchor || !gateway) {
    return std::nullopt;
  }
  const bool stack = word[0] == core::name_of(core::Cure::stack);
  return core::PodSnat{.cure = stack ? core::Cure::stack : core::Cure::snat,
                       .pods = *pods,
                       .anchor = *anchor,
                       .gateway = *gateway,
                       .native_network = core::Prefix::parse(word[4])};
}

}  // namespace io
