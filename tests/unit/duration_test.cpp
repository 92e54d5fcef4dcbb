// SPDX-License-Identifier: Apache-2.0
#include "core/duration.hpp"

#include <doctest/doctest.h>

using core::parse_duration;
using std::chrono::milliseconds;

TEST_CASE("duration: numbers with units, are read") {
  CHECK(parse_duration("500ms") == milliseconds{500});
  CHECK(parse_duration("90s") == milliseconds{90'000});
  CHECK(parse_duration("2m") == milliseconds{120'000});
  CHECK(parse_duration("1h") == milliseconds{3'600'000});
  CHECK(parse_duration("1h30m") == milliseconds{5'400'000});
  CHECK(parse_duration("1m500ms") == milliseconds{60'500});
  CHECK(parse_duration("24h") == milliseconds{86'400'000});
  CHECK(parse_duration("86400000ms") == milliseconds{86'400'000});
}

TEST_CASE("duration: no unit, zero or more than a day, is refused") {
  for (const std::string text : {"",
                                 "5",
                                 "0s",
                                 "0h0m",
                                 "s",
                                 "m5",
                                 "5 s",
                                 " 5s",
                                 "5s ",
                                 "-5s",
                                 "+5s",
                                 "1.5s",
                                 "5S",
                                 "5d",
                                 "5us",
                                 "1h30",
                                 "25h",
                                 "24h1ms",
                                 "86400001ms",
                                 "4294967296s",
                                 "99999999999999999999s",
                                 "4000000000h",
                                 "1h1h1h23h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("duration: text of any length, does not overflow") {
  std::string text;
  for (int count = 0; count < 40'000; ++count) {
    text += "86400000h";
  }
  CHECK_FALSE(parse_duration(text).has_value());
}
