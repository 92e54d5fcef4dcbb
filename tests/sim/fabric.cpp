// SPDX-License-Identifier: Apache-2.0
#include "fabric.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace sim {

void translate(const std::string& netns, const std::string& anchor, const std::string& ip,
               bool on) {
  const std::string command = fmt::format("nsenter --net={} nft -f -", netns);
  FILE* nft = popen(command.c_str(), "we");
  if (nft == nullptr) {
    return;
  }
  if (on) {
    fmt::print(nft, "add element ip fabric a2f {{ {} : {} }}\n", anchor, ip);
    fmt::print(nft, "add element ip fabric f2a {{ {} : {} }}\n", ip, anchor);
  } else {
    fmt::print(nft, "delete element ip fabric a2f {{ {} }}\n", anchor);
    fmt::print(nft, "delete element ip fabric f2a {{ {} }}\n", ip);
  }
  pclose(nft);
}

}  // namespace sim
