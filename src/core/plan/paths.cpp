// SPDX-License-Identifier: Apache-2.0
#include "core/plan/paths.hpp"

#include "core/plan/conflicts.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>
#include <iterator>

namespace core {
namespace {

constexpr std::uint8_t link_scope = 253;  // RT_SCOPE_LINK

using Devices = std::vector<std::uint32_t>;

const Link* find_link(std::uint32_t ifindex, const Network& network) {
  const auto link = std::ranges::find(network.links, ifindex, &Link::ifindex);
  return link == network.links.end() ? nullptr : &*link;
}

// Lists a device once, even if it has the address with several prefix lengths.
Devices devices_with_address(const Network& network, Ipv4 address) {
  Devices devices;
  for (const LinkAddress& held : network.addresses) {
    if (held.address == address && std::ranges::find(devices, held.ifindex) == devices.end()) {
      devices.push_back(held.ifindex);
    }
  }
  return devices;
}

Devices devices_with_mac(const Network& network, const std::string& mac) {
  Devices devices;
  for (const Link& link : network.links) {
    if (!mac.empty() && link.mac == mac) {
      devices.push_back(link.ifindex);
    }
  }
  return devices;
}

// Some devices hold addresses without carrying traffic, such as kube-ipvs0 those of Services.
bool carries_traffic(const Link& link) {
  return link.up && !link.loopback && link.arp && link.kind != "dummy";
}

Devices carriers_of(Devices devices, const Network& network) {
  std::erase_if(devices, [&](std::uint32_t device) {
    const Link* link = find_link(device, network);
    return link == nullptr || !carries_traffic(*link);
  });
  return devices;
}

bool has_in_network(const Network& network, std::uint32_t device, Ipv4 gateway) {
  return std::ranges::any_of(network.addresses, [&](const LinkAddress& held) {
    return held.ifindex == device && Prefix{held.address, held.length}.contains(gateway);
  });
}

bool leads_through(const Network& network, const NextHop& hop) {
  return std::ranges::any_of(network.routes, [&](const Route& route) { return route.via == hop; });
}

// Keeps the devices that pass a test, or all if none does.
template <typename Test>
void prefer(Devices& devices, Test&& test) {
  Devices preferred;
  std::ranges::copy_if(devices, std::back_inserter(preferred), test);
  if (!preferred.empty()) {
    devices = preferred;
  }
}

// As fib_check_nh() in net/ipv4/fib_semantics.c asks: a route of link scope on that device.
bool is_reachable(const Network& network, const NextHop& hop) {
  return std::ranges::any_of(network.routes, [&](const Route& route) {
    return route.protocol != our_protocol && route.table == main_table && !route.multipath &&
           route.scope >= link_scope && !route.via.gateway && route.via.ifindex == hop.ifindex &&
           route.destination.contains(*hop.gateway);
  });
}

Devices likeliest(Devices devices, const Interface& interface, const Network& network) {
  const Devices with_mac = devices_with_mac(network, interface.mac);
  prefer(devices,
         [&](auto device) { return std::ranges::find(with_mac, device) != with_mac.end(); });
  prefer(devices, [&](auto device) { return has_in_network(network, device, interface.gateway); });
  prefer(devices, [&](auto device) { return is_reachable(network, {interface.gateway, device}); });
  prefer(devices, [&](auto device) { return leads_through(network, {interface.gateway, device}); });
  return devices;
}

std::string device_name(std::uint32_t ifindex, const Network& network) {
  const Link* link = find_link(ifindex, network);
  return link == nullptr ? fmt::format("{}", ifindex) : link->name;
}

Ending several_devices(std::string_view which, Ipv4 address, const Devices& devices,
                       const Network& network) {
  const std::string first = device_name(devices[0], network);
  const std::string second = device_name(devices[1], network);
  return {
      .exit = Exit::config,
      .message =
          fmt::format("cannot use the {} address {}: it is on more than one device, {} and {}",
                      which, address.to_string(), first, second),
      .hint = fmt::format("remove it from the wrong one (ip address delete; show it with: ip -4 "
                          "address show to {}), or recycle the node: DOKS 1.32.2-do.3, "
                          "1.31.6-do.3 and 1.30.10-do.3 fixed this",
                          address.to_string())};
}

Ending carries_nothing(std::string_view which, Ipv4 address, const Devices& holders,
                       const Network& network) {
  const std::string device = device_name(holders[0], network);
  return {
      .exit = Exit::config,
      .message = fmt::format("cannot use the {} address {}: it is on {}, which carries no traffic",
                             which, address.to_string(), device),
      .hint = fmt::format("bring it up: ip link set {0} up; if {0} is no NIC, add the address to "
                          "the droplet's NIC",
                          device)};
}

Ending no_public_interface() {
  return {.exit = Exit::config,
          .message = "cannot give an egress IP: the droplet has no public interface",
          .hint = "use a droplet with public networking"};
}

Ending no_anchor() {
  return {.exit = Exit::config,
          .message = "cannot give an egress IP: the droplet has no anchor address",
          .hint = "use an image of DigitalOcean's; droplets from custom images have none"};
}

Ending address_not_configured(std::string_view which, Ipv4 address) {
  return {
      .exit = Exit::config,
      .message = fmt::format("cannot use the {} address {}: no network device holds it", which,
                             address.to_string()),
      .hint = fmt::format("compare `ip -4 address` with the droplet's network configuration, and "
                          "add {} to its device; metadata has it, the kernel does not",
                          address.to_string())};
}

std::variant<Path, Ending> path_of(std::string_view which, const Interface& interface,
                                   const Devices& devices, const Network& network) {
  const Devices found = likeliest(devices, interface, network);
  if (found.size() > 1) {
    return several_devices(which, interface.address, found, network);
  }
  if (found.size() == 1) {
    return Path{interface.address, {interface.gateway, found[0]}};
  }
  const Devices holders = devices_with_address(network, interface.address);
  return holders.empty() ? address_not_configured(which, interface.address)
                         : carries_nothing(which, interface.address, holders, network);
}

}  // namespace

std::variant<Path, Ending> find_public_path(const Droplet& droplet, const Network& network) {
  if (!droplet.public_interface) {
    return no_public_interface();
  }
  const Interface& outside = *droplet.public_interface;
  Devices devices = carriers_of(devices_with_address(network, outside.address), network);
  if (devices.empty()) {
    devices = carriers_of(devices_with_mac(network, outside.mac), network);
  }
  return path_of("public", outside, devices, network);
}

std::variant<Path, Ending> find_anchor_path(const Droplet& droplet, const Network& network) {
  if (!droplet.anchor) {
    return no_anchor();
  }
  const Devices holders = devices_with_address(network, droplet.anchor->address);
  return path_of("anchor", *droplet.anchor, carriers_of(holders, network), network);
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

std::vector<Route> gateway_routes(const Network& network, const Paths& paths) {
  std::vector<Route> routes;
  for (const Path& path : {paths.public_path, paths.anchor_path}) {
    if (!is_reachable(network, path.via)) {
      routes.push_back({.destination = Prefix::host(*path.via.gateway),
                        .via = {.ifindex = path.via.ifindex},
                        .source = path.address,
                        .scope = link_scope});
    }
  }
  return routes;
}

bool goes_via(const Route& route, const Path& path) {
  return !route.multipath && route.via == path.via;
}

std::string render_hop(const NextHop& hop, const Network& network) {
  const std::string device = "dev " + device_name(hop.ifindex, network);
  return hop.gateway ? hop.gateway->to_string() + " " + device : device;
}

std::optional<Path> find_detour(const Observation& found) {
  if (found.droplet && is_cut_off(found)) {
    const auto path = find_public_path(*found.droplet, found.network);
    if (const auto* direct = std::get_if<Path>(&path)) {
      return *direct;
    }
  }
  const auto route = default_of(found.network, public_table);
  const bool needed = default_overruled(found.network).has_value();
  return needed && route && route->source ? std::optional(Path{*route->source, route->via})
                                          : std::nullopt;
}

}  // namespace core
