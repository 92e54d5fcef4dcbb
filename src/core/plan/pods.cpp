// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pods.hpp"

#include "core/plan/cilium.hpp"
#include "core/plan/routes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace core {
namespace {

PodsLeave leave(PodSource egress, std::string reason) {
  return {.egress = egress, .reason = std::move(reason)};
}

// What a packet with that source comes to behind the anchor gateway.
PodsLeave leave_with(Ipv4 source, const Paths& paths, std::string_view how) {
  const bool anchor = source == paths.anchor_path.address;
  const bool known = source == paths.public_path.address;
  return leave(anchor  ? PodSource::anchor
               : known ? PodSource::public_address
                       : PodSource::dead,
               fmt::format("{} {}, {}", how, source.to_string(),
                           anchor  ? "the anchor address"
                           : known ? "the public address"
                                   : "which neither gateway passes on"));
}

bool is_tracked(const PodFacts& facts) {
  const bool untracked =
      std::ranges::any_of(facts.translations, [&](const Translation& translation) {
        return translation.kind == Translation::Kind::notrack && translation.source &&
               facts.pod_network && translation.source->contains(facts.pod_network->address);
      });
  return !untracked && !(facts.cilium && facts.cilium->skips_conntrack);
}

bool translates_at(const Translation& translation, const Link& out) {
  return translation.out_device.empty() || is_named(out.name, translation.out_device);
}

// The first rule of nf_tables that gives packets of pods another source: at that device, or else
// only at others.
const Translation* find_translation(const PodFacts& facts, const Link& out) {
  const Translation* elsewhere = nullptr;
  for (const Translation& translation : facts.translations) {
    const bool of_pods =
        facts.pod_network && translation.kind != Translation::Kind::notrack &&
        (!translation.source || translation.source->contains(facts.pod_network->address));
    if (of_pods && translates_at(translation, out)) {
      return &translation;
    }
    elsewhere = of_pods ? &translation : elsewhere;
  }
  return elsewhere;
}

// Where neither the plugin nor our cure, which leaves out the same, translates anything.
bool is_all_native(const PodFacts& facts) {
  return facts.cilium && facts.cilium->native_network && facts.cilium->native_network->length == 0;
}

PodsLeave predict_kernel(const Network& network, const Paths& paths, std::string_view who) {
  const auto source = kernel_source(network, paths.anchor_path.via);
  return source ? leave_with(*source, paths, fmt::format("{} with", who))
                : leave(PodSource::dead, "the device of the default route has no address");
}

// A device of pods, of no plugin that is known, where a program may send them on by itself.
const Link* find_bypass(const PodFacts& facts, const Network& network, const Paths& paths) {
  const auto found = std::ranges::find_if(network.links, [&](const Link& link) {
    const bool outside = link.loopback || link.ifindex == paths.anchor_path.via.ifindex ||
                         link.ifindex == paths.public_path.via.ifindex;
    const bool programmed =
        link.kind == "netkit" ||
        std::ranges::find(facts.programmed, link.ifindex) != facts.programmed.end();
    return !outside && programmed;
  });
  return facts.has_cilium || found == network.links.end() ? nullptr : &*found;
}

PodsLeave predict_netfilter(const PodFacts& facts, const Network& network, const Paths& paths,
                            const Link& out) {
  if (const Link* device = find_bypass(facts, network, paths)) {
    return leave(
        PodSource::unknown,
        fmt::format("a BPF program at {} may send packets of pods past netfilter", device->name));
  }
  const Translation* translation = find_translation(facts, out);
  if (translation != nullptr && !translates_at(*translation, out)) {
    return leave(PodSource::dead,
                 fmt::format("netfilter translates pods at {} only, so they leave {} with an "
                             "address that no gateway passes on",
                             translation->out_device, out.name));
  }
  if (translation != nullptr) {
    return translation->address
               ? leave_with(*translation->address, paths, "netfilter translates pods to")
               : predict_kernel(network, paths, "netfilter masquerades pods");
  }
  std::string why = !facts.pod_network ? "the network of this node's pods is unknown"
                    : !facts.translations_unread.empty()
                        ? facts.translations_unread
                        : "no rule of nf_tables that masquerades pods was found";
  return leave(PodSource::unknown,
               facts.cilium_unread.empty() ? why : facts.cilium_unread + ", and " + why);
}

PodsLeave predict_bpf(const PodFacts& facts, const Network& network, const Paths& paths,
                      const Link& out) {
  const Cilium& cilium = *facts.cilium;
  if (!cilium.replaces_kube_proxy && !cilium.node_port) {
    return leave(PodSource::unknown,
                 "Cilium's settings contradict each other: enable-bpf-masquerade needs "
                 "kube-proxy-replacement");
  }
  if (!is_managed(cilium, network, out)) {
    return leave(
        PodSource::dead,
        fmt::format("Cilium does not manage {} ({}), so pods leave with an address that no "
                    "gateway passes on",
                    out.name,
                    cilium.devices.empty()
                        ? "a device of a kind that it does not choose"
                        : fmt::format("devices: {}", fmt::join(cilium.devices, " "))));
  }
  const Link* of = &out;
  if (!cilium.source_device.empty()) {
    of = find_link(network, cilium.source_device);
  }
  const auto source = of == nullptr ? std::nullopt : bpf_source(facts, network, *of);
  return source
             ? leave_with(*source, paths,
                          fmt::format("Cilium masquerades pods in BPF with {}'s", of->name))
             : leave(PodSource::unknown,
                     fmt::format("the address of {} is unknown",
                                 cilium.source_device.empty() ? out.name : cilium.source_device));
}

// What Cilium alone makes of a pod's packet.
PodsLeave predict_cilium(const PodFacts& facts, const Network& network, const Paths& paths,
                         const Link& out) {
  const Cilium& cilium = *facts.cilium;
  if (!cilium.masquerades) {
    return predict_netfilter(facts, network, paths, out);
  }
  if (is_all_native(facts)) {
    return leave(PodSource::dead,
                 "Cilium masquerades nothing (ipv4-native-routing-cidr: 0.0.0.0/0), so pods leave "
                 "with an address that no gateway passes on");
  }
  if (cilium.in_bpf) {
    return predict_bpf(facts, network, paths, out);
  }
  if (!cilium.masquerade_devices.empty() && !is_among(out.name, cilium.masquerade_devices)) {
    return leave(PodSource::dead,
                 fmt::format("Cilium masquerades on {} only, so pods leave {} with an address that "
                             "no gateway passes on",
                             fmt::join(cilium.masquerade_devices, ", "), out.name));
  }
  return predict_kernel(network, paths, "Cilium masquerades pods in iptables");
}

bool may_use_stack(const CiliumVersion& version) {
  constexpr std::pair first{1, 18};  // an older one drops what the kernel calls local
  return std::pair(version.major, version.minor) >= first;
}

bool has_endpoint_routes(const PodFacts& facts, const Network& network) {
  return (facts.cilium && facts.cilium->endpoint_routes) ||
         (facts.pod_network && shows_endpoint_routes(network, *facts.pod_network));
}

// Nothing where the cure lets Cilium decide.
std::optional<PodsLeave> predict_cured(const PodFacts& facts, const Network& network,
                                       const Paths& paths, Cure cure) {
  if (cure == Cure::none) {
    return std::nullopt;
  }
  if (cure == Cure::stack && has_endpoint_routes(facts, network)) {
    return leave(PodSource::dead, "with endpoint routes the kernel takes no reply to a pod");
  }
  if (cure == Cure::stack && !(facts.version && may_use_stack(*facts.version))) {
    return leave(PodSource::dead, "Cilium before 1.18 drops what is to go to the host's stack");
  }
  const bool bypass = facts.cilium && bypasses_netfilter(*facts.cilium) && cure != Cure::stack;
  if (bypass || !is_tracked(facts) || !facts.pod_network || is_all_native(facts)) {
    return std::nullopt;
  }
  return leave(PodSource::anchor,
               fmt::format("do-egress-ip translates pods to {}, the anchor address",
                           paths.anchor_path.address.to_string()));
}

// What keeps each cure from helping.
std::string why_uncured(const PodFacts& facts, const Network& network) {
  if (!facts.incurable.empty()) {
    return facts.incurable;
  }
  if (!is_tracked(facts)) {
    return "connection tracking is off for pods (install-no-conntrack-iptables-rules)";
  }
  if (facts.cilium && bypasses_netfilter(*facts.cilium)) {
    return has_endpoint_routes(facts, network)
               ? "Cilium uses endpoint routes (enable-endpoint-routes)"
           : !facts.version ? "Cilium's version is unknown, and must be 1.18 or newer"
           : !may_use_stack(*facts.version)
               ? fmt::format("Cilium is {}.{} ({}), and must be 1.18 or newer",
                             facts.version->major, facts.version->minor, facts.version->origin)
               : "";
  }
  return "";
}

bool helps(const PodFacts& facts, const Network& network, const Paths& paths, Cure cure) {
  const auto cured = predict_cured(facts, network, paths, cure);
  return cured && cured->egress == PodSource::anchor;
}

// Another program's, past our default, as egress agents add it.
const Rule* find_rule_of_pods(const PodFacts& facts, const Network& network, const Paths& paths) {
  const auto found = std::ranges::find_if(network.rules, [&](const Rule& rule) {
    const auto route = default_of(network, rule.table);
    const bool of_pods = facts.pod_network && rule.source && rule.plain && !rule.mark &&
                         rule.source->contains(*facts.pod_network);
    return of_pods && rule.protocol != our_protocol && rule.table != main_table && route &&
           rule.priority < main_rule_priority && !goes_via(*route, paths.anchor_path);
  });
  return found == network.rules.end() ? nullptr : &*found;
}

}  // namespace

PodsLeave predict_pods(const PodFacts& facts, const Network& network, const Paths& paths,
                       Cure cure) {
  const Link* out = find_link(network, paths.anchor_path.via.ifindex);
  if (out == nullptr) {
    return leave(PodSource::unknown, "the device of the anchor is unknown");
  }
  if (facts.gateway_answers == false) {
    return leave(PodSource::dead,
                 fmt::format("the anchor gateway does not answer ARP on {}", out->name));
  }
  if (const Rule* rule = find_rule_of_pods(facts, network, paths)) {
    return leave(PodSource::unknown, fmt::format("rule {} leads what pods send to table {}",
                                                 rule->priority, rule->table));
  }
  if (auto cured = predict_cured(facts, network, paths, cure)) {
    cured->cure = cure;
    return *cured;
  }
  PodsLeave result = facts.cilium ? predict_cilium(facts, network, paths, *out)
                                  : predict_netfilter(facts, network, paths, *out);
  result.cure = cure;
  const bool wrong = result.egress == PodSource::public_address || result.egress == PodSource::dead;
  const std::string why = why_uncured(facts, network);
  if (wrong && !why.empty()) {
    result.reason += "; not cured: " + why;
  }
  if (facts.cilium && facts.cilium->egress_gateway) {
    result.reason += "; but pods that a CiliumEgressGatewayPolicy selects leave as it says";
  }
  return result;
}

Cure choose_cure(const PodFacts& facts, const Network& network, const Paths& paths) {
  PodFacts plain = facts;
  plain.gateway_answers.reset();
  const PodSource alone = predict_pods(plain, network, paths, Cure::none).egress;
  if (alone == PodSource::anchor || alone == PodSource::unknown || !facts.incurable.empty()) {
    return Cure::none;
  }
  for (const Cure cure : {Cure::snat, Cure::stack}) {
    if (helps(plain, network, paths, cure)) {
      return cure;
    }
  }
  return Cure::none;
}

bool shows_endpoint_routes(const Network& network, const Prefix& pods) {
  return std::ranges::any_of(network.routes, [&](const Route& route) {
    const Link* link = find_link(network, route.via.ifindex);
    return route.table == main_table && route.destination.length == 32 &&
           pods.contains(route.destination.address) && link != nullptr &&
           link->name.starts_with("lxc");
  });
}

bool depends_on_version(const PodFacts& facts, const Network& network, const Paths& paths) {
  PodFacts newest = facts;
  newest.version = CiliumVersion{.major = 1, .minor = 18};
  return !facts.version && choose_cure(newest, network, paths) == Cure::stack;
}

}  // namespace core
