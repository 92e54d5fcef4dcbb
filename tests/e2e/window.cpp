// SPDX-License-Identifier: Apache-2.0
#include "window.hpp"

#include <chrono>
#include <thread>

namespace window {

using support::Child;
using support::Json;

void break_anchor_path(const Node& node) {
  node.world.lab({"exec", "fabric", "nft",
                  "add table ip dead; add chain ip dead f { type filter hook prerouting priority "
                  "-400; }; add rule ip dead f ip saddr " +
                      node.droplet.anchor + " drop"});
}

void mend_anchor_path(const Node& node) {
  node.world.lab({"exec", "fabric", "nft", "delete table ip dead"});
}

std::string default_route(const Node& node) {
  return node.world.ip(node.droplet, "-4 -details -oneline route show default");
}

bool is_unconfirmed(const Node& node) {
  return default_route(node).find(" proto 174") != std::string::npos;
}

bool is_confirmed(const Node& node) {
  return default_route(node).find(" proto 173") != std::string::npos;
}

void wait_until(const std::function<bool()>& holds, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Child switched(const Node& node, Tier tier, std::chrono::milliseconds delay,
               const std::vector<std::string>& more) {
  Json fault = {{"server", "whatismyip"}, {"kind", "hang"}, {"skip", 1}, {"count", -1}};
  if (delay.count() > 0) {
    fault["kind"] = "delay";
    fault["delay_ms"] = delay.count();
  }
  node.world.fault(fault);
  std::vector<std::string> words = dirty::verify;
  words.insert(words.end(), more.begin(), more.end());
  const support::Command command = node.command(words);
  Child child(tier == Tier::container ? node.world.contained(node.droplet, command) : command);
  wait_until([&] { return is_unconfirmed(node); });
  return child;
}

void check_rolled_back(const Node& node, const std::string& before) {
  CHECK(default_route(node) == before);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) != "true");
}

void check_released(const Node& node, const std::string& snapshot) {
  dirty::release(node);
  CHECK(node.world.snapshot(node.droplet) == snapshot);
  CHECK(node.world.held_by(node.droplet).empty());
}

Json taints(const Node& node) {
  return node.world.sim("GET", "/world").at("nodes").at(node.droplet.name).at("taints");
}

}  // namespace window
