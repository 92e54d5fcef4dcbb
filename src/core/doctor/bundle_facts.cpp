// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/bundle.hpp"
#include "core/plan/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace core {
namespace {

// Addresses that say nothing of who uses them.
bool is_private(Ipv4 address) {
  constexpr std::array<Prefix, 6> networks = {{{{10, 0, 0, 0}, 8},
                                               {{100, 64, 0, 0}, 10},
                                               {{127, 0, 0, 0}, 8},
                                               {{169, 254, 0, 0}, 16},
                                               {{172, 16, 0, 0}, 12},
                                               {{192, 168, 0, 0}, 16}}};
  return std::ranges::any_of(networks,
                             [&](const Prefix& network) { return network.contains(address); });
}

Section describe_links(const Network& network) {
  Section section{"filters of links"};
  for (const Link& link : network.links) {
    section.lines.push_back(fmt::format(
        "{}: kind {} rp_filter {} src_valid_mark {:d} forwarding {:d}", link.name,
        link.kind.empty() ? "-" : link.kind, link.rp_filter, link.src_valid_mark, link.forwards));
  }
  return section;
}

Section describe_resolutions(const Network& network) {
  Section section{"routes in use"};
  for (const auto* resolutions : {&network.leaves_by, &network.samples}) {
    for (const Resolution& resolution : *resolutions) {
      const bool reachable = resolution.hop != NextHop{};
      section.lines.push_back(
          fmt::format("{} {}", resolution.destination.to_string(),
                      reachable ? "via " + render_hop(resolution.hop, network) : "unreachable"));
    }
  }
  return section;
}

Section describe_marks(const HostFacts& host, const Network& network) {
  constexpr std::array states = {"absent", "set", "hidden", "unsupported"};
  const Marking& marking = network.marking;
  Section section{"marks"};
  section.lines.push_back(fmt::format("table ip do-egress-ip: {} {}",
                                      states.at(static_cast<std::size_t>(marking.state)),
                                      marking.address.to_string()));
  if (network.pod_snat) {
    section.lines.push_back(
        fmt::format("pods: cure {} of {} to {} via {}", name_of(network.pod_snat->cure),
                    network.pod_snat->pods.to_string(), network.pod_snat->anchor.to_string(),
                    network.pod_snat->gateway.to_string()));
  }
  if (const Error* failure = failure_in(host.mark_uses)) {
    section.lines.emplace_back(failure->what());
  }
  if (const auto* uses = value_of(host.mark_uses)) {
    for (const MarkUse& use : *uses) {
      section.lines.push_back(fmt::format("table {} chain {} sets {:#x} tests {:#x}", use.table,
                                          use.chain, use.sets, use.tests));
    }
  }
  return section;
}

std::string_view describe_holder(const FloatingIp& entry, const Droplet* droplet) {
  if (!entry.holder_shown || !entry.readable) {
    return "not shown";
  }
  return !entry.holder                                        ? "none"
         : droplet != nullptr && *entry.holder == droplet->id ? "this droplet"
                                                              : "another droplet";
}

Section describe_pool(const Examination& facts) {
  Section section{"pool"};
  if (facts.account.pool) {
    for (const FloatingIp& entry : *facts.account.pool) {
      section.lines.push_back(fmt::format("{} region {} locked {:d} listed {:d} holder: {}",
                                          entry.address.to_string(), entry.region, entry.locked,
                                          entry.listed,
                                          describe_holder(entry, value_of(facts.droplet))));
    }
  }
  return section;
}

}  // namespace

std::vector<Hidden> find_identity(const Examination& facts) {
  std::vector<Hidden> hidden;
  int number = 0;
  for (const Ipv4 address : facts.asked.pool) {
    hide_address(hidden, address, fmt::format("RESERVED-IP-{}", ++number));
  }
  if (facts.account.ours) {
    hide_address(hidden, facts.account.ours->address, "RESERVED-IP-0");
  }
  const auto* droplet = value_of(facts.droplet);
  if (droplet != nullptr && droplet->floating_ip) {
    hide_address(hidden, *droplet->floating_ip, "RESERVED-IP-0");
  }
  if (droplet != nullptr && droplet->public_interface) {
    hide_address(hidden, droplet->public_interface->address, "PUBLIC-IP");
  }
  const auto* network = value_of(facts.host.network);
  for (const LinkAddress& held :
       network == nullptr ? std::vector<LinkAddress>{} : network->addresses) {
    if (!is_private(held.address)) {
      hide_address(hidden, held.address, "PUBLIC-IP");
    }
  }
  hidden.push_back({facts.asked.node_name, "NODE", Hidden::Where::whole_words});
  return hidden;
}

std::vector<Section> describe_facts(const Examination& facts) {
  std::vector<Section> sections;
  if (const Error* failure = failure_in(facts.host.network)) {
    sections.push_back({"network", {failure->what()}});
  }
  if (const auto* network = value_of(facts.host.network)) {
    sections = {describe_links(*network), describe_resolutions(*network),
                describe_marks(facts.host, *network)};
  }
  sections.push_back(describe_pool(facts));
  return sections;
}

}  // namespace core
