// SPDX-License-Identifier: Apache-2.0
// What doctor must name: N2 and N4 of the field cases.
#include "window.hpp"

using dirty::DirtyNode;
using support::DatagramFlow;
using support::DatagramService;
using support::Run;

TEST_CASE("switch N2: doctor names a plugin that takes our bit") {
  const DirtyNode node("classic");
  dirty::exec(node,
              "nft 'add table ip marks; add chain ip marks raw { type filter hook prerouting "
              "priority raw; }; add rule ip marks raw iifname lxc0 meta mark set meta mark or "
              "0x1000'");
  node.run(0);
  const Run run = support::run(node.command({"doctor"}));
  INFO(run.out, run.err);
  CHECK(run.out.find("0x1000") != std::string::npos);
}

TEST_CASE("switch N4: doctor names a UDP service on all addresses; one on the public one answers") {
  const DirtyNode node("classic");
  const DatagramService everywhere(node.droplet.name, 5300);
  const DatagramService here(node.droplet.name, 5301, node.droplet.public_address);
  node.run(0);
  const DatagramFlow flow("internet", node.droplet.public_address, 5301);
  CHECK(flow.goes_on());

  const Run run = support::run(node.command({"doctor"}));

  INFO(run.out, run.err);
  CHECK(run.out.find("5300") != std::string::npos);
  CHECK(run.out.find("5301") == std::string::npos);
}
