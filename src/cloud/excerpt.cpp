// SPDX-License-Identifier: Apache-2.0
#include "cloud/excerpt.hpp"

#include "cloud/json.hpp"

#include <algorithm>
#include <array>

namespace cloud {
namespace {

using nlohmann::json;

std::vector<std::string> lines_of(const json& value) {
  if (!value.is_object() || value.empty()) {
    return {};
  }
  std::vector<std::string> lines = {""};
  for (const char letter : value.dump(1, ' ', true, json::error_handler_t::replace)) {
    if (letter == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += letter;
    }
  }
  return lines;
}

template <typename Names>
json members(const json& object, const Names& names) {
  json found = json::object();
  for (const char* name : names) {
    if (const json* value = find_member(object, name)) {
      found[name] = *value;
    }
  }
  return found;
}

json parse_object(std::string_view body) {
  json value = parse_or_discard(body);
  return value.is_object() ? value : json::object();
}

// What is known of IPv6 is not needed here, and no address of it is recognised elsewhere.
void hide_ipv6(json& value) {
  for (json& member : value) {
    if (member.is_structured()) {
      hide_ipv6(member);
    }
  }
  if (value.is_object() && value.contains("ipv6")) {
    value["ipv6"] = "hidden";
  }
}

// The IPv4 ones of a Node.
json addresses_of(const json& status) {
  json found = json::array();
  const json* all = find_member(status, "addresses");
  for (const json& entry : all == nullptr ? found : *all) {
    if (core::Ipv4::parse(text_of(entry, "address"))) {
      found.push_back(entry);
    }
  }
  return found;
}

bool is_ours(const std::string& key, const std::set<std::string>& keys) {
  return key.starts_with("do-outbound-floating-ip") || key.starts_with("do-egress-ip") ||
         key == "doks.digitalocean.com/version" || keys.contains(key);
}

json our_members(const json& metadata, const char* name, const std::set<std::string>& keys) {
  json found = json::object();
  const json* all = find_member(metadata, name);
  if (all == nullptr || !all->is_object()) {
    return found;
  }
  for (const auto& [key, value] : all->items()) {
    if (is_ours(key, keys)) {
      found[key] = value;
    }
  }
  return found;
}

}  // namespace

std::vector<std::string> excerpt_metadata(std::string_view body) {
  constexpr std::array shown = {"droplet_id",  "region",      "interfaces",
                                "reserved_ip", "floating_ip", "features"};
  const json reply = parse_object(body);
  json found = members(reply, shown);
  for (const auto& member : reply.items()) {
    if (!found.contains(member.key())) {
      found[member.key()] = "hidden";
    }
  }
  hide_ipv6(found);
  return lines_of(found);
}

std::vector<std::string> excerpt_node(std::string_view body, const std::set<std::string>& keys) {
  constexpr std::array of_spec = {"podCIDR", "providerID", "taints", "unschedulable"};
  constexpr std::array of_info = {"kernelVersion", "osImage", "kubeletVersion",
                                  "containerRuntimeVersion"};
  const json reply = parse_object(body);
  const json nothing = json::object();
  const auto part = [&](const char* name) -> const json& {
    const json* found = find_member(reply, name);
    return found == nullptr || !found->is_object() ? nothing : *found;
  };
  if (reply.empty()) {
    return {};
  }
  const json* info = find_member(reply, "status", "nodeInfo");
  return lines_of({{"labels", our_members(part("metadata"), "labels", keys)},
                   {"annotations", our_members(part("metadata"), "annotations", keys)},
                   {"spec", members(part("spec"), of_spec)},
                   {"addresses", addresses_of(part("status"))},
                   {"nodeInfo", info == nullptr ? nothing : members(*info, of_info)}});
}

std::vector<std::string> excerpt_cilium(std::string_view body) {
  constexpr std::array shown = {"auto-direct-node-routes",
                                "bpf-lb-sock",
                                "cluster-pool-ipv4-cidr",
                                "datapath-mode",
                                "derive-masq-ip-addr-from-device",
                                "devices",
                                "egress-masquerade-interfaces",
                                "enable-bpf-masquerade",
                                "enable-egress-gateway",
                                "enable-endpoint-routes",
                                "enable-host-legacy-routing",
                                "enable-ipv4-egress-gateway",
                                "enable-ipv4-masquerade",
                                "enable-node-port",
                                "install-no-conntrack-iptables-rules",
                                "ipam",
                                "ipv4-native-routing-cidr",
                                "kube-proxy-replacement",
                                "routing-mode",
                                "tunnel",
                                "tunnel-protocol"};
  const json reply = parse_object(body);
  const json* data = find_member(reply, "data");
  return data == nullptr ? std::vector<std::string>{} : lines_of(members(*data, shown));
}

}  // namespace cloud
