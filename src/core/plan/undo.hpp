// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <vector>

namespace core {

// What turns the network of now back into `before`, as far as this program changed it: the default
// first, then marking, rules and routes of ours. What others changed meanwhile stays. Nothing when
// all is as it was.
std::vector<Step> restore(const Network& now, const Network& before);

}  // namespace core
