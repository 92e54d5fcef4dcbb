// SPDX-License-Identifier: Apache-2.0
// Rules and tables in front of main: a VPN for its peers only, and one for all traffic.
#include "dirty.hpp"

TEST_CASE("dirty: vpn, Tailscale with peers only does not interfere") {
  dirty::check_life("vpn");
}

TEST_CASE("dirty: vpn-exit and vpn-wg, a VPN for all traffic: exit 78, nothing claimed") {
  dirty::check_refused("vpn-exit");
  dirty::check_refused("vpn-wg");
  dirty::check_refused("anchor-nic+vpn-exit");
}
