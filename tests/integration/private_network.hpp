// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace integration {

// Moves this process, which must not have threads yet, into its own network, where it has all
// rights. False if the system refuses that.
bool enter_private_network();

// A new network for the next test.
void renew_private_network();

}  // namespace integration
