// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

// Renders values as text; pure. All words of the result are in this folder.
namespace app {

// "route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10", as ip(8) writes it.
std::string render_action(const core::Action& action, const core::Network& network);

// The same in two parts.
struct ActionWords {
  std::string verb = {};
  std::string target = {};
};
ActionWords words_of(const core::Action& action, const core::Network& network);

// For people: "default route    10.17.0.1 dev ens2 (was 203.0.113.1 dev ens1)", the reason below
// it.
std::string render_step(const StepRecord& record, const core::Network& before, Reasons reasons);
// How the run ended: the last line.
std::string render_result(const Outcome& outcome);
// A verdict, the facts, and the changes that it would make.
std::string render_status(const Outcome& outcome, Reasons reasons);
// One line for each address of the pool, then the number of free ones.
std::string render_text(const PoolTable& table);

// A line for each service with the address it sees, then the verdict.
std::string render_text(const Verification& found);

// The word of a result: "unchanged".
std::string_view name_of(Outcome::Result result);
std::string_view name_of(StepRecord::Result result);

// A step as an object of the JSON document.
nlohmann::ordered_json step_document(const StepRecord& record, const core::Network& network);

// The first word of each line in its colour: green for success, red for a failure, yellow between.
std::string colored(std::string_view text);

// One document on one line, "schema": 1; fields are only ever added (SPEC section 4).
std::string render_json(const Outcome& outcome);
std::string render_json(const PoolTable& table);
std::string render_json(const Verification& found);

// The exit code of the process after --ok-codes and --detailed-exitcode.
core::Exit apply_ok_codes(core::Exit exit, const Invocation& invocation);  // --ok-codes alone
core::Exit exit_of(const Outcome& outcome, const Invocation& invocation);

// The exit code of a process whose result stdout did not take. A failure keeps its own code, which
// says more.
core::Exit exit_without_output(core::Exit exit, const Invocation& invocation);

}  // namespace app
