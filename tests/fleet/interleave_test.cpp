// SPDX-License-Identifier: Apache-2.0
// Two nodes want an address at once: every order in which their requests can arrive.
#include "fleet/interleave.hpp"

#include <doctest/doctest.h>

namespace {

void check_none_is_wrong(int addresses, bool kills) {
  const fleet::Interleavings found = fleet::interleave(addresses, kills);
  MESSAGE(found.tried << " interleavings, " << found.with_a_kill << " of them with a kill");
  CHECK(found.tried > (kills ? 30 : 5));
  CHECK((found.with_a_kill > 0) == kills);
  INFO("the first of " << found.wrong.size());
  CHECK((found.wrong.empty() ? "" : *found.wrong.begin()) == "");
}

}  // namespace

TEST_CASE("interleave: two nodes and one address, in every order of their requests") {
  check_none_is_wrong(1, false);
}

TEST_CASE("interleave: two nodes and two addresses, in every order of their requests") {
  check_none_is_wrong(2, false);
}

TEST_CASE("interleave: one address, and one of the nodes is killed at each of its requests") {
  check_none_is_wrong(1, true);
}

TEST_CASE("interleave: two addresses, and one of the nodes is killed at each of its requests") {
  check_none_is_wrong(2, true);
}
