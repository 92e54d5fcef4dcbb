// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace integration {

// Puts this process, which must not have threads yet, into a network of its own in which it may do
// everything. False where the system refuses that.
bool enter_private_network();

// Another fresh one, for the next test.
void renew_private_network();

}  // namespace integration
