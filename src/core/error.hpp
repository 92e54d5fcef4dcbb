// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace core {

// How the program ends. Frozen: scripts, Jobs and units depend on these numbers. --help, the JSON
// result and the man page (EXIT STATUS) print the same table.
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
  bool retry;  // whether the same run may end better later
  std::string_view meaning;
};

// Every exit code, ascending.
std::span<const ExitFacts> exit_table();
const ExitFacts& facts_of(Exit exit);

// The only exception that this program throws. A result that the caller can handle (a 404, no
// reserved IP) is a return value, never an Error.
class Error : public std::runtime_error {
 public:
  template <typename... Args>
  explicit Error(Exit exit, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), exit_(exit) {}

  Exit exit() const { return exit_; }

  // The next step for the operator: this error's own, else the usual one for its exit code.
  std::string hint() const;

  // The same error with its own hint.
  Error with_hint(std::string hint) const {
    Error error = *this;
    error.hint_ = std::move(hint);
    return error;
  }

  // How long to wait before the next run, if a rate limit says so.
  std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }
  Error with_retry_after(std::optional<std::chrono::seconds> pause) const {
    Error error = *this;
    error.retry_after_ = pause;
    return error;
  }

  // The same error, prefixed with what was attempted.
  Error while_doing(std::string_view attempted) const {
    return Error(exit_, "cannot {}: {}", attempted, what())
        .with_hint(hint_)
        .with_retry_after(retry_after_);
  }

 private:
  Exit exit_;
  std::string hint_;
  std::optional<std::chrono::seconds> retry_after_ = {};
};

// Runs `body`. An Error that leaves it gets a prefix: what was attempted.
template <typename Body>
auto attempt(std::string_view doing, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    throw error.while_doing(doing);
  }
}

// Runs `body`, and returns the Error that it throws.
template <typename Body>
std::optional<Error> catch_error(Body&& body) {
  try {
    std::forward<Body>(body)();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// The same for a caller that goes on without `body`. The wish to end the run (Exit::interrupted or
// Exit::terminated) is no failure of `body`, so it is thrown on.
template <typename Body>
std::optional<Error> catch_error_except_signals(Body&& body) {
  auto error = catch_error(std::forward<Body>(body));
  if (error && (error->exit() == Exit::interrupted || error->exit() == Exit::terminated)) {
    throw Error(*error);
  }
  return error;
}

}  // namespace core
