// SPDX-License-Identifier: Apache-2.0
#include "integration/private_network.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

namespace integration {
namespace {

// Maps root inside to the user outside (user_namespaces(7)).
bool map_identity(uid_t user, gid_t group) {
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream groups("/proc/self/gid_map");
  groups << fmt::format("0 {} 1\n", group) << std::flush;
  std::ofstream users("/proc/self/uid_map");
  users << fmt::format("0 {} 1\n", user) << std::flush;
  return users.good() && groups.good();
}

}  // namespace

bool enter_private_network() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0 && unshare(CLONE_NEWNET) == 0) {
    return true;
  }
  return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && map_identity(user, group);
}

void renew_private_network() {
  if (unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error("cannot make another network namespace");
  }
}

}  // namespace integration
