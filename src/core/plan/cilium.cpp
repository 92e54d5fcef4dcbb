// SPDX-License-Identifier: Apache-2.0
#include "core/plan/cilium.hpp"

#include <algorithm>
#include <array>
#include <tuple>

// After pkg/datapath/tables/node_address.go and pkg/datapath/linux/devices_controller.go.
namespace core {
namespace {

bool has_address(const Network& network, const Link& link) {
  return std::ranges::find(network.addresses, link.ifindex, &LinkAddress::ifindex) !=
         network.addresses.end();
}

// As Cilium has it, for which documentation is private.
bool is_public(Ipv4 address) {
  constexpr std::array<Prefix, 10> others = {{{Ipv4{{10}}, 8},
                                              {Ipv4{{172, 16}}, 12},
                                              {Ipv4{{192, 168}}, 16},
                                              {Ipv4{{100, 64}}, 10},
                                              {Ipv4{{192, 0, 2}}, 24},
                                              {Ipv4{{198, 51, 100}}, 24},
                                              {Ipv4{{203, 0, 113}}, 24},
                                              {Ipv4{{127}}, 8},
                                              {Ipv4{{169, 254}}, 16},
                                              {Ipv4{{198, 18}}, 15}}};
  return std::ranges::none_of(others,
                              [&](const Prefix& prefix) { return prefix.contains(address); });
}

}  // namespace

const Link* find_link(const Network& network, std::uint32_t ifindex) {
  const auto found = std::ranges::find(network.links, ifindex, &Link::ifindex);
  return found == network.links.end() ? nullptr : &*found;
}

const Link* find_link(const Network& network, const std::string& name) {
  const auto found = std::ranges::find(network.links, name, &Link::name);
  return found == network.links.end() ? nullptr : &*found;
}

bool is_named(const std::string& name, const std::string& pattern) {
  return pattern.ends_with('+') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                : name == pattern;
}

bool is_among(const std::string& name, const std::vector<std::string>& patterns) {
  bool among = false;
  for (const std::string& pattern : patterns) {
    if (pattern.starts_with('!')) {
      among = among && !is_named(name, pattern.substr(1));
    } else {
      among = among || is_named(name, pattern);
    }
  }
  return among;
}

bool is_managed(const Cilium& cilium, const Network& network, const Link& link) {
  if (!cilium.devices.empty()) {
    return is_among(link.name, cilium.devices);
  }
  constexpr std::array excluded = {"cilium_", "lo", "lxc", "cni", "docker"};
  const bool foreign = std::ranges::any_of(
      excluded, [&](const char* start) { return link.name.starts_with(start); });
  return link.up && !link.loopback && link.kind != "bridge" && !foreign &&
         has_address(network, link);
}

std::optional<Ipv4> bpf_source(const PodFacts& facts, const Network& network, const Link& link) {
  constexpr std::uint8_t last_scope = 252;
  std::vector<LinkAddress> addresses;
  for (const LinkAddress& held : network.addresses) {
    if (held.ifindex == link.ifindex && held.scope <= last_scope) {
      addresses.push_back(held);
    }
    if (held.ifindex == link.ifindex && held.address == facts.internal_ip) {
      return held.address;
    }
  }
  const auto rank = [](const LinkAddress& held) {
    return std::tuple(!is_public(held.address), held.secondary, held.scope, held.address);
  };
  const auto first = std::ranges::min_element(addresses, {}, rank);
  return first == addresses.end() ? std::nullopt : std::optional(first->address);
}

std::optional<Ipv4> kernel_source(const Network& network, const NextHop& via) {
  std::optional<Ipv4> first;
  for (const LinkAddress& held : network.addresses) {
    if (held.ifindex != via.ifindex || held.scope > 0 || held.secondary) {
      continue;  // as inet_select_addr() in net/ipv4/devinet.c
    }
    const std::uint32_t mask =
        held.length == 0 ? 0 : ~0U << static_cast<unsigned>(32 - held.length);
    if (via.gateway && ((held.address.to_number() ^ via.gateway->to_number()) & mask) == 0) {
      return held.address;
    }
    first = first ? first : held.address;
  }
  return first;
}

bool bypasses_netfilter(const Cilium& cilium) {
  return cilium.in_bpf && cilium.masquerades && cilium.replaces_kube_proxy &&
         !cilium.legacy_routing;
}

}  // namespace core
