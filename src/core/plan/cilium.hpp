// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "core/pods.hpp"

#include <optional>
#include <string>
#include <vector>

// How Cilium, and the kernel, choose the address that pods leave with.
namespace core {

const Link* find_link(const Network& network, std::uint32_t ifindex);
const Link* find_link(const Network& network, const std::string& name);

// "eth+" is any name that begins so.
bool is_named(const std::string& name, const std::string& pattern);
// One of the patterns, of which "!eth0" takes away.
bool is_among(const std::string& name, const std::vector<std::string>& patterns);

// Whether Cilium has its programs on the device once the default route leads through it.
bool is_managed(const Cilium& cilium, const Network& network, const Link& link);

// The address of a device with which Cilium masquerades in BPF: the Node's, else a public one, else
// a private one.
std::optional<Ipv4> bpf_source(const PodFacts& facts, const Network& network, const Link& link);

// The one that the kernel masquerades with: in whose network the next hop is, else the first.
std::optional<Ipv4> kernel_source(const Network& network, const NextHop& via);

// BPF host routing, which the agent turns off where one of the others is missing.
bool bypasses_netfilter(const Cilium& cilium);

}  // namespace core
