// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sim {

// The hypervisor's translation: in the network namespace at `netns`, puts the pair into the maps of
// `table ip fabric`, or takes it out. In force when this returns.
void translate(const std::string& netns, const std::string& anchor, const std::string& ip, bool on);

}  // namespace sim
