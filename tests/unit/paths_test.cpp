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

TEST_CASE("paths: both are on one device before DOKS 1.32") {
  const auto paths = paths_of(support::droplet(std::nullopt), support::booted(Topology::classic));
  CHECK(paths.public_path.address == support::public_address);
  CHECK(paths.public_path.via == NextHop{support::public_gateway, support::eth0});
  CHECK(paths.anchor_path.address == support::anchor_address);
  CHECK(paths.anchor_path.via == NextHop{support::anchor_gateway, support::eth0});
}

TEST_CASE("paths: the anchor has a device of its own since DOKS 1.32") {
  const auto paths =
      paths_of(support::droplet(std::nullopt), support::booted(Topology::anchor_nic));
  CHECK(paths.public_path.via.ifindex == support::eth0);
  CHECK(paths.anchor_path.via == NextHop{support::anchor_gateway, support::ens7});
}

TEST_CASE("paths: the public device is told by its MAC where the address is not on it") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::public_address);
  CHECK(paths_of(support::droplet(std::nullopt), network).public_path.via.ifindex == support::eth0);
}

TEST_CASE("paths: the address beats the MAC") {
  auto droplet = support::droplet(std::nullopt);
  droplet.public_interface->mac = "04:01:2a:0f:2a:02";
  CHECK(paths_of(droplet, support::booted(Topology::classic)).public_path.via.ifindex ==
        support::eth0);
}

TEST_CASE("paths: an empty MAC matches no device") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::public_address);
  network.links[0].mac.clear();
  auto droplet = support::droplet(std::nullopt);
  droplet.public_interface->mac.clear();
  CHECK(ending_of(droplet, network) == "no network device holds the public address 203.0.113.10");
}

TEST_CASE("paths: say what the droplet lacks") {
  auto droplet = support::droplet(std::nullopt);
  const auto network = support::booted(Topology::classic);
  SUBCASE("public interface") {
    droplet.public_interface.reset();
    CHECK(ending_of(droplet, network) == "the droplet has no public interface");
  }
  SUBCASE("anchor") {
    droplet.anchor.reset();
    CHECK(ending_of(droplet, network) == "the droplet has no anchor address");
  }
}

TEST_CASE("paths: an anchor that no device holds is not papered over") {
  auto network = support::booted(Topology::classic);
  take_address(network, support::anchor_address);
  CHECK(ending_of(support::droplet(std::nullopt), network) ==
        "no network device holds the anchor address 10.17.0.5");
}

TEST_CASE("paths: an address on two devices is ambiguous, and both are named") {
  auto network = support::booted(Topology::anchor_nic);
  SUBCASE("anchor") {
    network.addresses.push_back({support::anchor_address, 16, support::eth0});
    CHECK(ending_of(support::droplet(std::nullopt), network) ==
          "the anchor address 10.17.0.5 is on more than one device: ens7np0 and eth0");
  }
  SUBCASE("public") {
    network.addresses.push_back({support::public_address, 20, support::eth1});
    CHECK(ending_of(support::droplet(std::nullopt), network) ==
          "the public address 203.0.113.10 is on more than one device: eth0 and eth1");
  }
  SUBCASE("a MAC on two devices: a bridge, say") {
    take_address(network, support::public_address);
    network.links.push_back({9, "br0", "04:01:2a:0f:2a:01"});
    CHECK(ending_of(support::droplet(std::nullopt), network) ==
          "the public address 203.0.113.10 is on more than one device: eth0 and br0");
  }
}

TEST_CASE("paths: a hop is written with gateway and device, as far as they are known") {
  const auto network = support::booted(Topology::classic);
  CHECK(core::render_hop({support::public_gateway, support::eth0}, network) ==
        "203.0.113.1 dev eth0");
  CHECK(core::render_hop({{}, support::eth1}, network) == "dev eth1");
  CHECK(core::render_hop({{}, 77}, network) == "dev 77");
}
