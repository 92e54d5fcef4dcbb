// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace core {

// How the program ends. Frozen: scripts, Jobs and units depend on these numbers. The same table
// is printed by --help, by the result as JSON and in the man page under EXIT STATUS.
enum class Exit {
  ok = 0,
  changed = 2,
  not_matched = 3,
  pool_exhausted = 10,
  claim_lost = 11,
  foreign_ip = 12,
  rolled_back = 13,
  degraded = 14,
  gate_failed = 15,
  usage = 64,
  unavailable = 69,
  software = 70,
  os_error = 71,
  try_again = 75,
  no_permission = 77,
  config = 78,
  interrupted = 130,
  terminated = 143,
};

struct ExitFacts {
  Exit exit;
  std::string_view name;
  bool retry;  // whether running again, with nothing else changed, may end better
  std::string_view meaning;
};

// Every exit code, ascending.
std::span<const ExitFacts> exit_table();
const ExitFacts& facts_of(Exit exit);

// The only exception this program throws. A result the caller is expected to handle (a 404, no
// floating IP) is a return value, never an Error.
class Error : public std::runtime_error {
 public:
  template <typename... Args>
  explicit Error(Exit exit, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), exit_(exit) {}

  Exit exit() const { return exit_; }

  // The next step for the operator: the one given, else the usual one for such an exit.
  std::string hint() const;

  // The same error, with a better next step than the usual.
  Error with_hint(std::string hint) const {
    Error error = *this;
    error.hint_ = std::move(hint);
    return error;
  }

  // The same error, saying first what was being attempted.
  Error while_doing(std::string_view attempted) const {
    return Error(exit_, "{}: {}", attempted, what()).with_hint(hint_);
  }

 private:
  Exit exit_;
  std::string hint_;
};

// Runs `body`; an Error leaving it is prefixed with what was being attempted.
template <typename Body>
auto attempt(std::string_view doing, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    throw error.while_doing(doing);
  }
}

// Runs `body`; the Error leaving it, as a value.
template <typename Body>
std::optional<Error> any_failure_of(Body&& body) {
  try {
    std::forward<Body>(body)();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// The same, for a caller that goes on without: the wish to end the run (Exit::interrupted,
// Exit::terminated) is no failure of `body` and goes on as it is.
template <typename Body>
std::optional<Error> failure_of(Body&& body) {
  auto failure = any_failure_of(std::forward<Body>(body));
  if (failure && (failure->exit() == Exit::interrupted || failure->exit() == Exit::terminated)) {
    throw Error(*failure);
  }
  return failure;
}

}  // namespace core
