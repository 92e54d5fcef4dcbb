// SPDX-License-Identifier: Apache-2.0
#include "core/plan/paths.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

using core::NextHop;
using support::Topology;

namespace {

core::Paths paths_of(const core::Droplet& droplet, const core::Network& network) {
  return std::get<core::Paths>(core::find_paths(droplet, network));
}

std::string ending_of(const core::Droplet& droplet, const core::Network& network) {
  const auto ending = std::get<core::Ending>(core::find_paths(droplet, network));
  CHECK(ending.exit == core::Exit::config);
  CHECK_FALSE(ending.hint.empty());
  return ending.message;
}

void take_address(core::Network& network, core::Ipv4 address) {
  std::erase_if(network.addresses, [&](const auto& held) { return held.address == address; });
}

}  // namespace

TEST_CASE("paths: DOKS before 1.32, both are on one device") {
  const auto paths = paths_of(support::droplet(std::nullopt), support::booted(Topology::classic));
  CHECK(paths.public_path.address == support::public_address);
  CHECK(paths.public_path.via == NextHop{support::public_gateway, support::eth0});
  CHECK(paths.anchor_path.address == support::anchor_address);
  CHECK(paths.anchor_path.via == NextHop{support::anchor_gateway, support::eth0});
}

TEST_CASE("paths: DOKS 1.32, the anchor has its own device") {
  const auto paths =
      paths_of(support::droplet(std::nullopt), support::booted(Topology::anchor_nic));
  CHECK(paths.public_path.via.ifindex == support::eth0);
  CHECK(paths.anchor_path.via == NextHop{support::anchor_gateway, support::ens7});
}

TEST_CASE("paths: public address on no device, its MAC finds the device") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::public_address);
  network.addresses.push_back({support::public_address, 32, 1});  // lo does not count
  CHECK(paths_of(support::droplet(std::nullopt), network).public_path.via.ifindex == support::eth0);
}

TEST_CASE("paths: address and MAC on different devices, the address decides") {
  auto droplet = support::droplet(std::nullopt);
  droplet.public_interface->mac = "04:01:2a:0f:2a:02";
  CHECK(paths_of(droplet, support::booted(Topology::classic)).public_path.via.ifindex ==
        support::eth0);
}

TEST_CASE("paths: empty MAC, matches no device") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::public_address);
  network.links[0].mac.clear();
  auto droplet = support::droplet(std::nullopt);
  droplet.public_interface->mac.clear();
  CHECK(ending_of(droplet, network) ==
        "cannot use the public address 203.0.113.10: no network device holds it");
}

TEST_CASE("paths: droplet without an interface, the error names it") {
  auto droplet = support::droplet(std::nullopt);
  const auto network = support::booted(Topology::classic);
  SUBCASE("public interface") {
    droplet.public_interface.reset();
    CHECK(ending_of(droplet, network) ==
          "cannot give an egress IP: the droplet has no public interface");
  }
  SUBCASE("anchor") {
    droplet.anchor.reset();
    CHECK(ending_of(droplet, network) ==
          "cannot give an egress IP: the droplet has no anchor address");
  }
}

TEST_CASE("paths: anchor address on no device, is an error") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::anchor_address);
  CHECK(ending_of(support::droplet(std::nullopt), network) ==
        "cannot use the anchor address 10.17.0.5: no network device holds it");
}

TEST_CASE("paths: address on two equal NICs, is an error that names both") {
  auto network = support::booted(Topology::anchor_nic);
  network.routes.clear();
  SUBCASE("anchor") {
    network.addresses.push_back({support::anchor_address, 16, support::eth0});
    CHECK(
        ending_of(support::droplet(std::nullopt), network) ==
        "cannot use the anchor address 10.17.0.5: it is on more than one device, ens7np0 and eth0");
  }
  SUBCASE("public") {
    network.addresses.push_back({support::public_address, 20, support::eth1});
    auto droplet = support::droplet(std::nullopt);
    droplet.public_interface->mac.clear();
    CHECK(
        ending_of(droplet, network) ==
        "cannot use the public address 203.0.113.10: it is on more than one device, eth0 and eth1");
  }
  SUBCASE("one MAC on two devices, as with a bridge") {
    take_address(network, support::public_address);
    network.links.push_back({9, "br0", "04:01:2a:0f:2a:01"});
    CHECK(
        ending_of(support::droplet(std::nullopt), network) ==
        "cannot use the public address 203.0.113.10: it is on more than one device, eth0 and br0");
  }
}

TEST_CASE("paths: address twice on one NIC, counts once") {
  auto network = support::booted(Topology::anchor_nic);
  network.addresses.push_back({support::public_address, 32, support::eth0});
  network.addresses.push_back({support::anchor_address, 32, support::ens7});
  const auto paths = paths_of(support::droplet(std::nullopt), network);
  CHECK(paths.public_path.via.ifindex == support::eth0);
  CHECK(paths.anchor_path.via.ifindex == support::ens7);
}

TEST_CASE("paths: device without traffic, does not count") {
  core::Link other{.ifindex = 9, .name = "other", .mac = "04:01:2a:0f:2a:01"};
  SUBCASE("loopback") {
    other.loopback = true;
  }
  SUBCASE("a dummy") {
    other.kind = "dummy";
  }
  SUBCASE("down, or without a carrier") {
    other.up = false;
  }
  SUBCASE("without ARP") {
    other.arp = false;
  }
  auto network = support::booted(Topology::anchor_nic);
  network.routes.clear();
  network.links.insert(network.links.begin(), other);
  network.addresses.insert(network.addresses.begin(), {support::public_address, 20, 9});
  network.addresses.insert(network.addresses.begin(), {support::anchor_address, 16, 9});
  const auto paths = paths_of(support::droplet(std::nullopt), network);
  CHECK(paths.public_path.via.ifindex == support::eth0);
  CHECK(paths.anchor_path.via.ifindex == support::ens7);

  std::erase_if(network.addresses, [](const auto& held) { return held.ifindex == support::ens7; });
  CHECK(ending_of(support::droplet(std::nullopt), network) ==
        "cannot use the anchor address 10.17.0.5: it is on other, which carries no traffic");
}

TEST_CASE("paths: several NICs, the MAC, the gateway's network or a route decides") {
  auto network = support::booted(Topology::anchor_nic);
  auto droplet = support::droplet(std::nullopt);
  SUBCASE("the MAC") {
    network.routes.clear();
    network.addresses.insert(network.addresses.begin(),
                             {support::public_address, 20, support::eth1});
    CHECK(paths_of(droplet, network).public_path.via.ifindex == support::eth0);
  }
  SUBCASE("the gateway's network") {
    network.routes.clear();
    network.addresses.insert(network.addresses.begin(),
                             {support::anchor_address, 32, support::eth0});
    CHECK(paths_of(droplet, network).anchor_path.via.ifindex == support::ens7);
  }
  SUBCASE("the route to the gateway's network, which noprefixroute leaves out") {
    network.addresses.insert(network.addresses.begin(),
                             {support::anchor_address, 16, support::eth1});
    CHECK(paths_of(droplet, network).anchor_path.via.ifindex == support::ens7);
  }
  SUBCASE("the previous default") {
    droplet.public_interface->mac.clear();
    network.addresses.insert(network.addresses.begin(),
                             {support::public_address, 20, support::eth1});
    CHECK(paths_of(droplet, network).public_path.via.ifindex == support::eth0);
  }
  SUBCASE("our own default, so that a working node is not gated") {
    network = support::converged(Topology::anchor_nic);
    network.addresses.insert(network.addresses.begin(),
                             {support::anchor_address, 16, support::eth0});
    CHECK(paths_of(droplet, network).anchor_path.via.ifindex == support::ens7);
  }
}

TEST_CASE("paths: gateway without a link-scope route, gets one") {
  auto network = support::booted(Topology::anchor_nic);
  const auto paths = paths_of(support::droplet(std::nullopt), network);
  CHECK(core::gateway_routes(network, paths).empty());
  std::erase_if(network.routes, [](const core::Route& route) { return !route.via.gateway; });
  const core::Route to_public{.destination = core::Prefix::host(support::public_gateway),
                              .via = {.ifindex = support::eth0},
                              .source = support::public_address,
                              .scope = 253};
  const core::Route to_anchor{.destination = core::Prefix::host(support::anchor_gateway),
                              .via = {.ifindex = support::ens7},
                              .source = support::anchor_address,
                              .scope = 253};
  CHECK(core::gateway_routes(network, paths) == std::vector{to_public, to_anchor});
  network.routes.push_back(to_public);  // ours and still wanted
  CHECK(core::gateway_routes(network, paths).size() == 2);
  network.routes.push_back({.via = {.ifindex = support::eth0}, .protocol = 3, .scope = 253});
  CHECK(core::gateway_routes(network, paths) ==
        std::vector{to_anchor});  // a default with a device only
}

TEST_CASE("paths: hop, is written with gateway and device if known") {
  const auto network = support::booted(Topology::classic);
  CHECK(core::render_hop({support::public_gateway, support::eth0}, network) ==
        "203.0.113.1 dev eth0");
  CHECK(core::render_hop({{}, support::eth1}, network) == "dev eth1");
  CHECK(core::render_hop({{}, 77}, network) == "dev 77");
}
