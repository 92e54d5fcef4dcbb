// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"

#include <string>
#include <string_view>

// Renders values as text; pure. All words of the result are in this folder.
namespace app {

// "route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10", as ip(8) writes it.
std::string render_action(const core::Action& action, const core::Network& network);

// One line for each step with its reason, then the result.
std::string render_text(const Outcome& outcome);
// The facts, the differences from what was asked, and a verdict.
std::string render_status(const Outcome& outcome);
// One line for each address of the pool, then the number of free ones.
std::string render_text(const PoolTable& table);

// The word of a result: "unchanged".
std::string_view name_of(Outcome::Result result);

// One document on one line, "schema": 1; fields are only ever added (SPEC section 4).
std::string render_json(const Outcome& outcome);
std::string render_json(const PoolTable& table);

// The exit code of the process after --ok-codes and --detailed-exitcode.
core::Exit apply_ok_codes(core::Exit exit, const Invocation& invocation);  // --ok-codes alone
core::Exit exit_of(const Outcome& outcome, const Invocation& invocation);

}  // namespace app
