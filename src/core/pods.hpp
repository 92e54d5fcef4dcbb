// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What decides through which address pods reach the internet, as it was found. Plain data.
namespace core {

// kube-system/cilium-config, as far as it decides that. The defaults are the agent's own.
struct Cilium {
  bool masquerades = true;                           // enable-ipv4-masquerade
  bool in_bpf = false;                               // enable-bpf-masquerade
  bool replaces_kube_proxy = false;                  // kube-proxy-replacement
  bool node_port = false;                            // enable-node-port, alone
  bool legacy_routing = false;                       // enable-host-legacy-routing
  bool endpoint_routes = false;                      // enable-endpoint-routes
  bool skips_conntrack = false;                      // install-no-conntrack-iptables-rules
  bool egress_gateway = false;                       // enable-ipv4-egress-gateway
  std::vector<std::string> devices = {};             // devices; empty: Cilium chooses them
  std::vector<std::string> masquerade_devices = {};  // egress-masquerade-interfaces; empty: any
  std::string source_device = {};                    // derive-masq-ip-addr-from-device
  std::optional<Prefix> native_network = {};         // ipv4-native-routing-cidr
  bool operator==(const Cilium&) const = default;
};

// 1.18, and how it is known: "image of DaemonSet cilium".
struct CiliumVersion {
  int major = 0;
  int minor = 0;
  std::string origin = {};
  bool operator==(const CiliumVersion&) const = default;
};

// The version in an image's tag, "quay.io/cilium/cilium:v1.18.3@sha256:…"; nothing where it has
// none.
std::optional<CiliumVersion> cilium_version_of_image(const std::string& image);
// The version that DOKS brings with its own, "1.34.1-do.0"; nothing where that is not known.
std::optional<CiliumVersion> cilium_version_of_doks(const std::string& version);

// One rule of nf_tables that gives forwarded packets another source, or keeps connection tracking
// from them.
struct Translation {
  enum class Kind { masquerade, snat, notrack } kind = Kind::masquerade;
  std::optional<Prefix> source = {};  // of the packets; nothing: any
  std::string out_device = {};        // the only one; empty: any
  std::optional<Ipv4> address = {};   // of an snat
  bool operator==(const Translation&) const = default;
};

// How packets of pods are made to leave through the anchor where the plugin alone would not let
// them.
enum class Cure {
  none,
  snat,   // our own translation to the anchor address, where pods pass the host's netfilter
  stack,  // that, and rules that make Cilium hand what pods send to the host's stack
};

struct PodFacts {
  bool has_cilium = false;            // its ConfigMap, or its device, is there
  std::optional<Cilium> cilium = {};  // its ConfigMap
  std::string cilium_unread = {};     // why that is not known
  std::optional<CiliumVersion> version = {};
  std::vector<Translation> translations = {};
  std::string translations_unread = {};        // why those are not known
  std::vector<std::uint32_t> programmed = {};  // devices with programs, which may pass netfilter by
  std::optional<Prefix> pod_network = {};      // of this node
  std::optional<Ipv4> internal_ip = {};        // of the Node
  std::optional<bool> gateway_answers = {};    // the anchor's, to ARP, as the kernel remembers
  std::string incurable = {};                  // why the kernel takes no translation of ours
  bool operator==(const PodFacts&) const = default;
};

// Through which address pods reach the internet.
enum class PodSource { anchor, public_address, dead, unknown };
std::string_view name_of(PodSource egress);
std::string_view name_of(Cure cure);

struct PodsLeave {
  PodSource egress = PodSource::unknown;
  std::string reason = {};
  Cure cure = Cure::none;
  bool operator==(const PodsLeave&) const = default;
};

}  // namespace core
