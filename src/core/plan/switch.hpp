// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>

// The order of a switch of the default route: prepare, prove, switch, confirm; and its way back.
namespace core {

// Adds what makes the default lead through the anchor. False where a proof must be had before
// anything else: the need for it is added.
bool switch_default(Plan& plan, const Observation& found, const Config& asked, const Paths& paths);

// An undo that ends with `ending`; with Exit::degraded, and without steps, where one has failed.
Plan put_back(const Observation& found, Ending ending);

// What the kernel alone shows to be wrong, which needs no server to be said.
std::optional<Ending> wrong_by_kernel(const Network& network);

// How a run ends whose path or switch was not proven; and one that may not change the network.
Ending not_proven(const Error& why);
Ending no_rights();

}  // namespace core
