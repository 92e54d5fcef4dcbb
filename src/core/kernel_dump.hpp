// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The kernel's network as it sends it, for a reader who knows more than this program.
namespace core {

// One message of rtnetlink(7), undecoded.
struct KernelObject {
  std::string header = {};                                             // ifinfomsg, rtmsg, …
  std::vector<std::pair<std::uint16_t, std::string>> attributes = {};  // type and payload
};

struct KernelDump {
  std::vector<KernelObject> links = {};
  std::vector<KernelObject> addresses = {};
  std::vector<KernelObject> rules = {};
  std::vector<KernelObject> routes = {};  // of all tables
};

}  // namespace core
