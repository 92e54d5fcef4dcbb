// SPDX-License-Identifier: Apache-2.0
// Addresses that are not where, or not once, where one would look for them.
#include "dirty.hpp"

using dirty::check_life;

TEST_CASE("dirty: noprefixroute, the routes to the networks are somebody else's") {
  check_life("noprefixroute");
}

TEST_CASE("dirty: noprefixroute+anchor-nic, the anchor's NIC as well") {
  check_life("noprefixroute+anchor-nic", dirty::Pods::restart);
}

TEST_CASE("dirty: other-anchor, an anchor of another range has another gateway") {
  check_life("other-anchor");
}

TEST_CASE("dirty: other-anchor+anchor-nic, on a NIC of its own") {
  check_life("other-anchor+anchor-nic", dirty::Pods::restart);
}

TEST_CASE("dirty: twice, the same address on its NIC, on kube-ipvs0 and on lo is one") {
  check_life("twice");
}

TEST_CASE("dirty: twice+anchor-nic, with two NICs") {
  check_life("twice+anchor-nic", dirty::Pods::restart);
}
