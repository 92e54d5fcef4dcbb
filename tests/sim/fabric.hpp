// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sim {

// The hypervisor's NAT: adds the pair to the maps of `table ip fabric` in the network namespace
// `netns`, or removes it. Effective on return.
void translate(const std::string& netns, const std::string& anchor, const std::string& ip, bool on);

}  // namespace sim
