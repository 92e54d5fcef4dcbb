// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node.hpp"

#include <string>
#include <vector>

// `verify` in the pod's network namespace: no route to metadata, no DigitalOcean token, no
// capability.
inline support::Command verify_in_pod(const Node& node, const std::vector<std::string>& more,
                                      const support::Variables& changes = {}) {
  support::Command command = node.world.tool(node.droplet, {"verify", "-o", "json"}, changes);
  command.environment.erase("DO_EGRESS_IP_TOKEN_FILE");
  command.words.at(1) = "--net=/run/netns/" + node.droplet.pod();
  command.words.insert(
      command.words.begin() + 2,
      {"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"});
  command.words.insert(command.words.end(), more.begin(), more.end());
  return command;
}
