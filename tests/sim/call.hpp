// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "world.hpp"

#include <map>
#include <string>

namespace sim {

// A request as the services see it.
struct Call {
  std::string server = {}, method = {}, path = {}, body = {}, caller = {}, bearer = {};
  std::string content_type = {};
  std::map<std::string, std::string> query = {};
  std::int64_t connection = 0;
  bool tls = false;
};

struct Reply {
  int status = 200;
  Json body = nullptr;
  std::map<std::string, std::string> headers = {};
  std::string text = {};  // replaces `body`
  std::string type = "application/json";
};

// Each answers one call while the caller holds the world's lock.
Reply digitalocean(World& world, const Call& call, Millis now);
Reply metadata(World& world, const Call& call, Millis now);
Reply kubernetes(World& world, const Call& call, Millis now);

}  // namespace sim
