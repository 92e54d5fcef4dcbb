// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace core {

// What is still missing so that packets of the public address find our table, whose default is the
// public gateway's: those that leave with it, by rules for their source; those that are translated
// to it only on their way out, by a mark. And what is ours there but no longer wanted.
std::vector<Step> rules_and_marking(const Network& network, const Paths& paths);

// Takes our rules away, but for those `wanted`; the last first, since one that leads to our table
// would, without the one in front of it, keep even pods from being reached.
std::vector<Step> remove_rules(const Network& network, const std::vector<Rule>& wanted,
                               std::string_view reason);

// "0x1000/0x1000", as ip-rule(8) writes it; a whole mark without its mask.
std::string render_mark(const Mark& mark);

}  // namespace core
