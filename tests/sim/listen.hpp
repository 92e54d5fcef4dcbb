// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace sim {

// The world, and all that its servers share.
struct Shared {
  explicit Shared(World::OnTranslation on_translation) : world(std::move(on_translation)) {}

  std::mutex mutex = {};
  World world;
  Faults faults = {};
  Json requests = Json::array();
  std::map<std::string, std::int64_t> connections = {};  // by server, peer and port
};

// Since the Unix epoch.
Millis now();

// Moves the thread to a network namespace; does nothing if `netns` is empty. Throws
// std::runtime_error.
void enter_network(const std::string& netns);

// One --listen: "ROLE=http://ADDRESS:PORT[@NETNS]", port 0 for any free one.
struct Endpoint {
  std::string role, scheme, address, netns;
  int port = 0;
};
Endpoint parse_endpoint(const std::string& text);  // throws std::exception

struct Tls {
  std::string certificate, key;
};

// Serves in its own thread in the endpoint's network namespace until the process ends. Returns the
// port. Throws std::runtime_error if it cannot listen.
int serve(Shared& shared, const Endpoint& endpoint, const Tls& tls);

}  // namespace sim
