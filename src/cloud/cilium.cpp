// SPDX-License-Identifier: Apache-2.0
#include "cloud/cilium.hpp"

#include "cloud/json.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cloud {
namespace {

using nlohmann::json;

constexpr std::string_view blank = " \t\r\n";

// Without blanks around it; another type than a string as JSON writes it.
std::string setting(const json& data, const char* key) {
  const json* value = find_member(data, key);
  const std::string text = value == nullptr        ? std::string{}
                           : value->is_string()    ? value->get<std::string>()
                           : value->is_primitive() ? value->dump()
                                                   : std::string{};
  const auto first = text.find_first_not_of(blank);
  return first == std::string::npos ? std::string{}
                                    : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// As the agent reads it (strconv.ParseBool): what is no truth value is false.
bool is_true(const json& data, const char* key, bool otherwise = false) {
  const std::string value = setting(data, key);
  constexpr std::array truths = {"1", "t", "T", "true", "True", "TRUE"};
  return value.empty() ? otherwise : std::ranges::find(truths, value) != truths.end();
}

// "strict" and "probe" were all of it before 1.14, "partial" was not.
bool replaces_kube_proxy(const json& data) {
  const std::string value = setting(data, "kube-proxy-replacement");
  return value == "strict" || value == "probe" || is_true(data, "kube-proxy-replacement");
}

// Commas and white space separate.
std::vector<std::string> names(const json& data, const char* key) {
  std::vector<std::string> result = {""};
  for (const char letter : setting(data, key)) {
    if (letter == ',' || blank.find(letter) != std::string_view::npos) {
      result.emplace_back();
    } else {
      result.back() += letter;
    }
  }
  std::erase(result, "");
  return result;
}

core::Cilium cilium_of(const json& data) {
  return {.masquerades = is_true(data, "enable-ipv4-masquerade", true),
          .in_bpf = is_true(data, "enable-bpf-masquerade"),
          .replaces_kube_proxy = replaces_kube_proxy(data),
          .node_port = is_true(data, "enable-node-port"),
          .legacy_routing = is_true(data, "enable-host-legacy-routing"),
          .endpoint_routes = is_true(data, "enable-endpoint-routes"),
          .skips_conntrack = is_true(data, "install-no-conntrack-iptables-rules"),
          .egress_gateway =
              is_true(data, "enable-ipv4-egress-gateway") || is_true(data, "enable-egress-gateway"),
          .devices = names(data, "devices"),
          .masquerade_devices = names(data, "egress-masquerade-interfaces"),
          .source_device = setting(data, "derive-masq-ip-addr-from-device"),
          .native_network = core::Prefix::parse(setting(data, "ipv4-native-routing-cidr"))};
}

std::optional<core::CiliumVersion> version_of(const json& reply) {
  for (const json& container : reply.at("spec").at("template").at("spec").at("containers")) {
    if (container.at("name") == "cilium-agent") {
      return core::cilium_version_of_image(container.at("image").get<std::string>());
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<core::Cilium> read_cilium(Kubernetes& kubernetes) {
  const auto response =
      kubernetes.send("GET", "/api/v1/namespaces/kube-system/configmaps/cilium-config");
  if (response.status == 404) {
    return std::nullopt;
  }
  if (response.status != 200) {
    throw refusal_error(response);
  }
  return decode(response.body, [](const json& reply) {
    const json* data = find_member(reply, "data");
    return cilium_of(data == nullptr || !data->is_object() ? json::object() : *data);
  });
}

std::optional<core::CiliumVersion> read_cilium_version(Kubernetes& kubernetes) {
  const auto response =
      kubernetes.send("GET", "/apis/apps/v1/namespaces/kube-system/daemonsets/cilium");
  if (response.status == 404) {
    return std::nullopt;
  }
  if (response.status != 200) {
    throw refusal_error(response);
  }
  return decode(response.body, version_of);
}

}  // namespace cloud
