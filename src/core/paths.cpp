// SPDX-License-Identifier: Apache-2.0
#include "core/paths.hpp"

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

}  // namespace

std::variant<Paths, Ending> find_paths(const Droplet& droplet, const Network& network) {
  if (!droplet.public_interface) {
    return no_public_interface();
  }
  if (!droplet.anchor) {
    return no_anchor();
  }
  const Interface& outside = *droplet.public_interface;
  auto public_devices = devices_with_address(network, outside.address);
  if (public_devices.empty()) {
    public_devices = devices_with_mac(network, outside.mac);
  }
  const auto anchor_devices = devices_with_address(network, droplet.anchor->address);
  if (public_devices.empty()) {
    return address_not_configured("public", outside.address);
  }
  if (anchor_devices.empty()) {
    return address_not_configured("anchor", droplet.anchor->address);
  }
  if (public_devices.size() > 1) {
    return several_devices("public", outside.address, public_devices, network);
  }
  if (anchor_devices.size() > 1) {
    return several_devices("anchor", droplet.anchor->address, anchor_devices, network);
  }
  return Paths{
      .public_path = {outside.address, {outside.gateway, public_devices[0]}},
      .anchor_path = {droplet.anchor->address, {droplet.anchor->gateway, anchor_devices[0]}}};
}

std::string render_hop(const NextHop& hop, const Network& network) {
  const std::string device = "dev " + device_name(hop.ifindex, network);
  return hop.gateway ? hop.gateway->to_string() + " " + device : device;
}

}  // namespace core
