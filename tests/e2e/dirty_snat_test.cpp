// SPDX-License-Identifier: Apache-2.0
// Pods whose plugin always uses the public address.
#include "dirty.hpp"

using support::DatagramFlow;
using support::DatagramService;

// Conntrack knows the public address only after the connection's first packet.
TEST_CASE("dirty: snat-public, a pod's new connection loses no packet") {
  for (const std::string topology : {"snat-public", "snat-public+anchor-nic"}) {
    CAPTURE(topology);
    const dirty::DirtyNode node(topology);
    const DatagramService outside("internet", dirty::echo_port);
    DatagramFlow begun(node.droplet.pod(), "192.0.2.1", dirty::echo_port,
                       DatagramFlow::Sockets::many);
    CHECK(begun.goes_on(20));
    node.run(0, dirty::verify);
    CHECK(begun.goes_on(20, std::chrono::seconds(10)));
    CHECK(begun.stop().lost == 0);
  }
}
