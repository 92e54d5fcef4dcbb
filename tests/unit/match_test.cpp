// SPDX-License-Identifier: Apache-2.0
#include "core/match.hpp"

#include "core/error.hpp"

#include <doctest/doctest.h>

#include <ctime>

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
}

TEST_CASE("match: a string that no hostname can contain is refused with a way out") {
  const auto refusal = [](const std::string& text) {
    return core::failure_of([&] { core::require_valid({Match::Kind::substring, text}); });
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

TEST_CASE("match: no regular expression takes long on any name") {
  const std::string name(253, 'a');
  for (const std::string pattern :
       {"(a*)*b", "(a|a)*b", "(a+)+$b", "(.*)*b", "([a-z]+)*!", "(a?){253}a{253}b", "(a|aa|aaa)*b",
        "((a+)*)*b", "(?=(a+)+b)a*", "(?!(a*)*b)(a*)*b", "(x+x+)+y", "(.*){99}(.*){99}b",
        "(a{1,5}){1,5}{1,5}b"}) {
    CAPTURE(pattern);
    const Match match{Match::Kind::regex, pattern};
    core::require_valid(match);
    const std::clock_t start = std::clock();  // of the processor, which others may keep busy
    CHECK_FALSE(matches(match, name));
    CHECK(std::clock() - start < 5 * CLOCKS_PER_SEC);
  }
}

TEST_CASE("match: a regular expression that cannot be bounded is refused") {
  for (const std::string& pattern :
       {std::string(R"((a*)*\1b)"), std::string("((a?){99}){99}"),
        std::string("(?=.*(?=.*(?=.*b)))a*"), std::string("(?!a(b|(?=c)))"), std::string(513, 'a'),
        std::string(20000, '('), std::string("a{100000}")}) {
    CAPTURE(pattern.substr(0, 40));
    const auto failure = core::failure_of([&] {
      core::require_valid({Match::Kind::regex, pattern});
    });
    REQUIRE(failure.has_value());
    CHECK(failure->exit() == core::Exit::usage);
  }
}

TEST_CASE("match: what looks like a lookahead in a class or escaped is none") {
  CHECK(matches({Match::Kind::regex, R"((?=a)[(?=(?=]?\(?[\](?=]?a)"}, "a"));
  CHECK(matches({Match::Kind::regex, "(?!.*-db-)(?!.*-test-)pool-.*"}, "pool-web-8b870"));
  CHECK_FALSE(matches({Match::Kind::regex, "(?!.*-db-)(?!.*-test-)pool-.*"}, "pool-db-8b870"));
}
