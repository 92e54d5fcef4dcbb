// SPDX-License-Identifier: Apache-2.0
#include "core/match.hpp"

#include "core/error.hpp"

#include <doctest/doctest.h>

using core::Match;
using core::matches;

TEST_CASE("match: a string matches anywhere in the name, letter by letter") {
  const Match match{Match::Kind::substring, "egress"};
  CHECK(matches(match, "pool-egress-8b870"));
  CHECK(matches(match, "egress"));
  CHECK_FALSE(matches(match, "pool-Egress-8b870"));
  CHECK_FALSE(matches(match, "pool-web-8b870"));
  CHECK_FALSE(matches(match, ""));
}

TEST_CASE("match: a string is no pattern") {
  CHECK_FALSE(matches({Match::Kind::substring, "pool-.*"}, "pool-egress"));
  CHECK(matches({Match::Kind::substring, "a.b"}, "x-a.b-x"));
  core::require_valid({Match::Kind::substring, "(["});
}

TEST_CASE("match: a regular expression describes the whole name") {
  const Match match{Match::Kind::regex, "pool-a-[0-9a-z]{5}"};
  CHECK(matches(match, "pool-a-8b870"));
  CHECK_FALSE(matches(match, "pool-a-b-8b870"));
  CHECK_FALSE(matches(match, "my-pool-a-8b870"));
  CHECK_FALSE(matches(match, "pool-a-8b870.local"));
}

TEST_CASE("match: a bad regular expression is a usage error that names it") {
  for (const std::string pattern : {"pool-(", "[a-", "*", "a{2,1}"}) {
    CAPTURE(pattern);
    const auto failure = core::failure_of([&] {
      core::require_valid({Match::Kind::regex, pattern});
    });
    REQUIRE(failure.has_value());
    CHECK(failure->exit() == core::Exit::usage);
    CHECK(std::string(failure->what()).starts_with("\"" + pattern + "\" is not"));
  }
}
