// SPDX-License-Identifier: Apache-2.0
#include "core/match.hpp"

#include "core/error.hpp"

#include <doctest/doctest.h>

#include <ctime>

using core::is_match;
using core::Match;

TEST_CASE("match: substring, matches anywhere in the name") {
  const Match match{Match::Kind::substring, "egress"};
  CHECK(is_match(match, "pool-egress-8b870"));
  CHECK(is_match(match, "egress"));
  CHECK_FALSE(is_match(match, "pool-Egress-8b870"));
  CHECK_FALSE(is_match(match, "pool-web-8b870"));
  CHECK_FALSE(is_match(match, ""));
}

TEST_CASE("match: substring, is not a pattern") {
  CHECK_FALSE(is_match({Match::Kind::substring, "pool-.*"}, "pool-egress"));
  CHECK(is_match({Match::Kind::substring, "a.b"}, "x-a.b-x"));
}

TEST_CASE("match: substring that no hostname contains, is refused with a hint") {
  const auto refusal = [](const std::string& text) {
    return core::catch_error_except_signals([&] {
      core::require_valid({Match::Kind::substring, text});
    });
  };
  for (const std::string text : {"egress-*", "a b", "a,b", "^a", "a$", "a|b", "a_b", "a/b", "a..b",
                                 "a-.b", "a.-b", "([", "\xc3\xa9", "a\n"}) {
    CAPTURE(text);
    REQUIRE(refusal(text).has_value());
    CHECK(refusal(text)->exit() == core::Exit::usage);
    CHECK(refusal(text)->hint().find("--match-regex") != std::string::npos);
  }
  CHECK(refusal(std::string(254, 'a')).has_value());
  for (const std::string text : {"-", ".", "-egress-", ".web.", "a.b", "Egress", "8b870", "a--b"}) {
    CAPTURE(text);
    CHECK_FALSE(refusal(text).has_value());
  }
}

TEST_CASE("match: regular expression, must match the whole name") {
  const Match match{Match::Kind::regex, "pool-a-[0-9a-z]{5}"};
  CHECK(is_match(match, "pool-a-8b870"));
  CHECK_FALSE(is_match(match, "pool-a-b-8b870"));
  CHECK_FALSE(is_match(match, "my-pool-a-8b870"));
  CHECK_FALSE(is_match(match, "pool-a-8b870.local"));
}

TEST_CASE("match: invalid regular expression, is a usage error that quotes it") {
  for (const std::string pattern : {"pool-(", "[a-", "*", "a{2,1}"}) {
    CAPTURE(pattern);
    const auto failure = core::catch_error_except_signals([&] {
      core::require_valid({Match::Kind::regex, pattern});
    });
    REQUIRE(failure.has_value());
    CHECK(failure->exit() == core::Exit::usage);
    CHECK(std::string(failure->what()).starts_with("\"" + pattern + "\" is not"));
  }
}

TEST_CASE("match: any regular expression, takes bounded time on any name") {
  const std::string name(253, 'a');
  for (const std::string pattern :
       {"(a*)*b", "(a|a)*b", "(a+)+$b", "(.*)*b", "([a-z]+)*!", "(a?){253}a{253}b", "(a|aa|aaa)*b",
        "((a+)*)*b", "(?=(a+)+b)a*", "(?!(a*)*b)(a*)*b", "(x+x+)+y", "(.*){99}(.*){99}b",
        "(a{1,5}){1,5}{1,5}b"}) {
    CAPTURE(pattern);
    const Match match{Match::Kind::regex, pattern};
    core::require_valid(match);
    const std::clock_t start = std::clock();  // CPU time, because the machine may be busy
    CHECK_FALSE(is_match(match, name));
    CHECK(std::clock() - start < 5 * CLOCKS_PER_SEC);
  }
}

TEST_CASE("match: regular expression of unbounded time, is refused") {
  for (const std::string& pattern :
       {std::string(R"((a*)*\1b)"), std::string("((a?){99}){99}"),
        std::string("(?=.*(?=.*(?=.*b)))a*"), std::string("(?!a(b|(?=c)))"), std::string(513, 'a'),
        std::string(20000, '('), std::string("a{100000}")}) {
    CAPTURE(pattern.substr(0, 40));
    const auto failure = core::catch_error_except_signals([&] {
      core::require_valid({Match::Kind::regex, pattern});
    });
    REQUIRE(failure.has_value());
    CHECK(failure->exit() == core::Exit::usage);
  }
}

TEST_CASE("match: escaped lookahead or one in a class, is accepted") {
  CHECK(is_match({Match::Kind::regex, R"((?=a)[(?=(?=]?\(?[\](?=]?a)"}, "a"));
  CHECK(is_match({Match::Kind::regex, "(?!.*-db-)(?!.*-test-)pool-.*"}, "pool-web-8b870"));
  CHECK_FALSE(is_match({Match::Kind::regex, "(?!.*-db-)(?!.*-test-)pool-.*"}, "pool-db-8b870"));
}
