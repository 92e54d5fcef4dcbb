// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>

// The order of a switch of the default route (prepare, prove, switch, confirm), and its rollback.
namespace core {

// Adds the steps of a switch. Returns false if a proof is needed first, and adds that need.
bool switch_default(Plan& plan, const Observation& found, const Config& asked, const Paths& paths);

// An undo that ends with `ending`, or with Exit::degraded and no steps if an undo failed before.
Plan put_back(const Observation& found, Ending ending);

// An error that the kernel's state shows by itself, without any server.
std::optional<Ending> wrong_by_kernel(const Network& network);

// The endings of a run without a proof, and of a run without the right to change the network.
Ending not_proven(const Error& why);
Ending no_rights();

}  // namespace core
