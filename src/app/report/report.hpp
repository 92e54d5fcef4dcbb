// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"

#include <string>
#include <string_view>

// Values to text, pure: this folder's only place for words of the result.
namespace app {

// "route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10", as ip(8) would say it.
std::string render_action(const core::Action& action, const core::Network& network);

// For people: a line a step with its reason, then the result.
std::string render_text(const Outcome& outcome);
// The facts of a run that wrote nothing, what differs from what was asked, and a verdict.
std::string render_status(const Outcome& outcome);
// A line an address of the pool, then how many are left.
std::string render_text(const PoolTable& table);

// The word for a result: "unchanged".
std::string_view name_of(Outcome::Result result);

// One document on one line, "schema": 1; fields are only ever added (SPEC section 4).
std::string render_json(const Outcome& outcome);
std::string render_json(const PoolTable& table);

// The code the process ends with: --ok-codes and --detailed-exitcode taken into account.
core::Exit forgiven(core::Exit exit, const Invocation& invocation);  // --ok-codes alone
core::Exit exit_of(const Outcome& outcome, const Invocation& invocation);

}  // namespace app
