// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include "support/print.hpp"

#include <vector>

using core::Error;
using core::Exit;

// The contract with Jobs, units and scripts (SPEC section 3).
TEST_CASE("error: exit table, is frozen") {
  const std::vector<std::tuple<int, std::string, bool>> frozen = {{0, "ok", false},
                                                                  {2, "changed", false},
                                                                  {3, "not-matched", false},
                                                                  {10, "pool-exhausted", true},
                                                                  {11, "claim-lost", true},
                                                                  {12, "foreign-ip", false},
                                                                  {13, "rolled-back", true},
                                                                  {14, "degraded", false},
                                                                  {15, "gate-failed", true},
                                                                  {64, "usage", false},
                                                                  {69, "unavailable", true},
                                                                  {70, "software", false},
                                                                  {71, "os-error", false},
                                                                  {75, "try-again", true},
                                                                  {77, "no-permission", false},
                                                                  {78, "config", false},
                                                                  {130, "interrupted", true},
                                                                  {143, "terminated", true}};
  std::vector<std::tuple<int, std::string, bool>> actual;
  for (const core::ExitFacts& facts : core::exit_table()) {
    actual.emplace_back(static_cast<int>(facts.exit), facts.name, facts.retry);
    CAPTURE(facts.name);
    CHECK_FALSE(facts.meaning.empty());
    CHECK(&core::facts_of(facts.exit) == &facts);
  }
  CHECK(actual == frozen);
}

TEST_CASE("error: Error, carries exit code, message and hint") {
  const Error error(Exit::config, "{} is wrong", "--x");
  CHECK(error.exit() == Exit::config);
  CHECK(std::string(error.what()) == "--x is wrong");
  CHECK(error.with_hint("try --y").hint() == "try --y");
}

TEST_CASE("error: every exit code, has a usual hint") {
  for (const core::ExitFacts& facts : core::exit_table()) {
    CHECK_FALSE(Error(facts.exit, "cause").hint().empty());
    CHECK(Error(facts.exit, "cause").while_doing("x").with_hint("own").hint() == "own");
  }
}

TEST_CASE("error: braces in foreign text, are not a format") {
  const Error error = Error(Exit::software, "{}", "{0} {").while_doing("read {}");
  CHECK(std::string(error.what()) == "cannot read {}: {0} {");
}

TEST_CASE("error: attempt, prefixes what was attempted and keeps code and hint") {
  const auto failure = core::catch_error_except_signals([] {
    core::attempt("outer", [] {
      core::attempt("inner", [] { throw Error(Exit::unavailable, "cause").with_hint("hint"); });
    });
  });
  REQUIRE(failure.has_value());
  CHECK(std::string(failure->what()) == "cannot outer: cannot inner: cause");
  CHECK(failure->exit() == Exit::unavailable);
  CHECK(failure->hint() == "hint");
}

TEST_CASE("error: attempt, returns the body's result") {
  CHECK(core::attempt("count", [] { return 3; }) == 3);
}

TEST_CASE("error: catch_error, returns the Error, or nothing on success") {
  CHECK_FALSE(core::catch_error_except_signals([] {}).has_value());
  CHECK_FALSE(core::catch_error([] {}).has_value());
}

TEST_CASE("error: catch_error_except_signals, throws a signal's Error on") {
  for (const Exit exit : {Exit::interrupted, Exit::terminated}) {
    const auto body = [&] { throw Error(exit, "ended"); };
    CHECK_THROWS_AS(core::catch_error_except_signals(body), Error);
    CHECK(core::catch_error(body)->exit() == exit);
  }
}

TEST_CASE("error: another exception, is not caught") {
  CHECK_THROWS_AS(core::catch_error([] { throw std::logic_error("bug"); }), std::logic_error);
}
