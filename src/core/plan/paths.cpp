// SPDX-License-Identifier: Apache-2.0
#include "core/plan/paths.hpp"

#include <algorithm>

namespace core {
namespace {

std::vector<std::uint32_t> devices_with_address(const Network& network, Ipv4 address) {
  std::vector<std::uint32_t> devices;
  for (const LinkAddress& held : network.addresses) {
    if (held.address == address) {
      devices.push_back(held.ifindex);
    }
  }
  return devices;
}

std::vector<std::uint32_t> devices_with_mac(const Network& network, const std::string& mac) {
  std::vector<std::uint32_t> devices;
  for (const Link& link : network.links) {
    if (!mac.empty() && link.mac == mac) {
      devices.push_back(link.ifindex);
    }
  }
  return devices;
}

std::string device_name(std::uint32_t ifindex, const Network& network) {
  const auto link = std::ranges::find(network.links, ifindex, &Link::ifindex);
  return link == network.links.end() ? fmt::format("{}", ifindex) : link->name;
}

Ending several_devices(std::string_view which, Ipv4 address,
                       const std::vector<std::uint32_t>& devices, const Network& network) {
  return {.exit = Exit::config,
          .message = fmt::format("the {} address {} is on more than one device: {} and {}", which,
                                 address.to_string(), device_name(devices[0], network),
                                 device_name(devices[1], network)),
          .hint = "DOKS 1.32.2-do.3, 1.31.6-do.3 and 1.30.10-do.3 fixed this: recycle the node"};
}

Ending no_public_interface() {
  return {.exit = Exit::config,
          .message = "the droplet has no public interface",
          .hint = "a droplet without public networking cannot hold a floating IP"};
}

Ending no_anchor() {
  return {.exit = Exit::config,
          .message = "the droplet has no anchor address",
          .hint = "droplets made from custom images have none; use an image of DigitalOcean's"};
}

Ending address_not_configured(std::string_view which, Ipv4 address) {
  return {.exit = Exit::config,
          .message =
              fmt::format("no network device holds the {} address {}", which, address.to_string()),
          .hint = fmt::format("metadata has it, the kernel does not: compare `ip -4 address` with "
                              "the droplet's network configuration, then add {} to its device",
                              address.to_string())};
}

std::variant<Path, Ending> path_of(std::string_view which, const Interface& interface,
                                   const std::vector<std::uint32_t>& devices,
                                   const Network& network) {
  if (devices.empty()) {
    return address_not_configured(which, interface.address);
  }
  if (devices.size() > 1) {
    return several_devices(which, interface.address, devices, network);
  }
  return Path{interface.address, {interface.gateway, devices[0]}};
}

}  // namespace

std::variant<Path, Ending> find_public_path(const Droplet& droplet, const Network& network) {
  if (!droplet.public_interface) {
    return no_public_interface();
  }
  const Interface& outside = *droplet.public_interface;
  auto devices = devices_with_address(network, outside.address);
  if (devices.empty()) {
    devices = devices_with_mac(network, outside.mac);
  }
  return path_of("public", outside, devices, network);
}

std::variant<Path, Ending> find_anchor_path(const Droplet& droplet, const Network& network) {
  if (!droplet.anchor) {
    return no_anchor();
  }
  return path_of("anchor", *droplet.anchor, devices_with_address(network, droplet.anchor->address),
                 network);
}

std::variant<Paths, Ending> find_paths(const Droplet& droplet, const Network& network) {
  const auto outside = find_public_path(droplet, network);
  if (const auto* ending = std::get_if<Ending>(&outside)) {
    return *ending;
  }
  const auto anchor = find_anchor_path(droplet, network);
  if (const auto* ending = std::get_if<Ending>(&anchor)) {
    return *ending;
  }
  return Paths{.public_path = std::get<Path>(outside), .anchor_path = std::get<Path>(anchor)};
}

bool goes_via(const Route& route, const Path& path) {
  return !route.multipath && route.via == path.via;
}

std::string render_hop(const NextHop& hop, const Network& network) {
  const std::string device = "dev " + device_name(hop.ifindex, network);
  return hop.gateway ? hop.gateway->to_string() + " " + device : device;
}

}  // namespace core
