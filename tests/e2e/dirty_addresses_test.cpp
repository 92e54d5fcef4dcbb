// SPDX-License-Identifier: Apache-2.0
// Addresses in unexpected places, or several times.
#include "dirty.hpp"

using dirty::check_life;

TEST_CASE("dirty: noprefixroute, another program's network routes are kept") {
  check_life("noprefixroute");
}

TEST_CASE("dirty: noprefixroute+anchor-nic, also on the anchor's NIC") {
  check_life("noprefixroute+anchor-nic", dirty::Pods::restart);
}

TEST_CASE("dirty: other-anchor, an anchor of another range has another gateway") {
  check_life("other-anchor");
}

TEST_CASE("dirty: other-anchor+anchor-nic, on its own NIC") {
  check_life("other-anchor+anchor-nic", dirty::Pods::restart);
}

TEST_CASE("dirty: twice, one address on its NIC, kube-ipvs0 and lo counts once") {
  check_life("twice");
}

TEST_CASE("dirty: twice+anchor-nic, with two NICs") {
  check_life("twice+anchor-nic", dirty::Pods::restart);
}
