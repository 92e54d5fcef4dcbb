// SPDX-License-Identifier: Apache-2.0
// What breaks after a switch was confirmed, and what the next run makes of it.
#include "window.hpp"

using namespace window;
using support::Json;

namespace {

std::string message_of(const Json& result) {
  return result.at("error").at("message");
}

}  // namespace

TEST_CASE("switch later: the path dies and Kubernetes is asked by it, the public default returns") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-2", topology);
    const std::string before = default_route(node);
    node.run(0);
    break_anchor_path(node);
    CHECK(message_of(node.run(13)).find("through the anchor gateway") != std::string::npos);
    check_rolled_back(node, before);
    node.run(13);  // and nothing is switched as long as it is dead
    check_rolled_back(node, before);
    mend_anchor_path(node);
    node.run(0);
    node.check_egress();
  }
}

TEST_CASE("switch later: nothing answers by any path, the egress stays and is not called good") {
  const Node node;
  node.run(0);
  const auto held = node.world.held_by(node.droplet);
  for (const std::string server : {"kubernetes", "digitalocean"}) {
    node.world.lab({"cut", node.droplet.name, server});
  }
  const std::string message = message_of(node.run(15));
  CHECK(message.ends_with("egress IP " + held.at(0) +
                          " stays, but nothing answers, also not the public address"));
  node.check_leaves_by(held.at(0));
  for (const std::string server : {"kubernetes", "digitalocean"}) {
    node.world.lab({"mend", node.droplet.name, server});
  }
  CHECK(node.run(0).at("result") == "unchanged");
}

TEST_CASE("switch later: the anchor address is removed, and the kernel takes the default along") {
  const Node node;
  const std::string before = default_route(node);
  node.run(0);
  node.world.ip(node.droplet, "address delete " + node.droplet.anchor + "/16 dev eth0");
  CHECK(default_route(node).empty());
  node.run(78);
  check_rolled_back(node, before);
  node.world.ip(node.droplet, "address add " + node.droplet.anchor + "/16 dev eth0");
  node.run(0);
  node.check_egress();
}
