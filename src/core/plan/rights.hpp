// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <vector>

namespace core {

// Whether Kubernetes, which answers, has not been asked yet what a claim may do.
bool must_ask_rights(const Observation& found);
// The account, and beside it the rights.
std::vector<Need> needs_of_account(const Observation& found);

// How a run ends that would claim an address and is known to lack a right of Kubernetes; nothing
// where none is known to be missing.
std::optional<Ending> denied_claim(const Observation& found);

// Whether they change the network, or claim an address that could not be used without that.
bool needs_net_admin(const std::vector<Step>& steps);

}  // namespace core
