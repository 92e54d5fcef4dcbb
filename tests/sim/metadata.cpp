// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <regex>

// The metadata service. It finds its droplet by the client's address, or by the path if there is no
// simulated network.
namespace sim {
namespace {

Json shape(const Interface& nic) {
  return {{"ip_address", nic.ip}, {"netmask", nic.netmask}, {"gateway", nic.gateway}};
}

Json interfaces(const Droplet& droplet) {
  Json result = Json::object();
  if (droplet.public_interface) {
    Json nic = {{"ipv4", shape(*droplet.public_interface)},
                {"mac", droplet.public_interface->mac},
                {"type", "public"}};
    if (droplet.anchor) {
      nic["anchor_ipv4"] = shape(*droplet.anchor);
    }
    result["public"] = Json::array({nic});
  }
  if (droplet.private_interface) {
    const Json nic = {{"ipv4", shape(*droplet.private_interface)},
                      {"mac", droplet.private_interface->mac},
                      {"type", "private"}};
    result["private"] = Json::array({nic});
  }
  return result;
}

Json active(const std::string& ip) {
  return ip.empty() ? Json{{"ipv4", {{"active", false}}}}
                    : Json{{"ipv4", {{"active", true}, {"ip_address", ip}}}};
}

Json document(const World& world, const Droplet& droplet, Millis now) {
  const std::string ip = world.metadata_address(droplet, now);
  Json result = {{"droplet_id", droplet.id},
                 {"hostname", droplet.hostname},
                 {"region", droplet.region},
                 {"public_keys", Json::array()},
                 {"interfaces", interfaces(droplet)},
                 {"floating_ip", active(ip)},
                 {"dns", {{"nameservers", {"67.207.67.2", "67.207.67.3"}}}},
                 {"features", {{"dhcp_enabled", false}}},
                 {"tags", {"k8s", "k8s:worker"}}};
  if (world.settings.reserved_ip_key) {
    result["reserved_ip"] = active(ip);
    result["reserved_ip"]["ipv6"] = {{"active", false}};
  }
  if (world.settings.droplet_id_as_string) {
    result["droplet_id"] = std::to_string(droplet.id);
  }
  if (world.settings.tags_null) {
    result["tags"] = nullptr;
  }
  return result;
}

// The text tree of the same facts, with `address` for JSON's `ip_address`.
std::optional<std::string> text_value(const Json& document, const std::string& path) {
  static const std::map<std::string, std::string> pointers = {
      {"id", "/droplet_id"},
      {"hostname", "/hostname"},
      {"region", "/region"},
      {"interfaces/public/0/ipv4/address", "/interfaces/public/0/ipv4/ip_address"},
      {"interfaces/public/0/ipv4/gateway", "/interfaces/public/0/ipv4/gateway"},
      {"interfaces/public/0/anchor_ipv4/address", "/interfaces/public/0/anchor_ipv4/ip_address"},
      {"interfaces/public/0/anchor_ipv4/gateway", "/interfaces/public/0/anchor_ipv4/gateway"},
      {"floating_ip/ipv4/active", "/floating_ip/ipv4/active"},
      {"floating_ip/ipv4/ip_address", "/floating_ip/ipv4/ip_address"},
      {"reserved_ip/ipv4/active", "/reserved_ip/ipv4/active"},
      {"reserved_ip/ipv4/ip_address", "/reserved_ip/ipv4/ip_address"},
  };
  const auto pointer = pointers.find(path);
  if (pointer == pointers.end() || !document.contains(Json::json_pointer(pointer->second))) {
    return std::nullopt;
  }
  const Json& value = document.at(Json::json_pointer(pointer->second));
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Reply metadata(World& world, const Call& call, Millis now) {
  static const std::regex named("/droplets/([0-9]+)(/.*)");
  std::smatch part;
  std::string path = call.path;
  const Droplet* droplet = nullptr;
  if (std::regex_match(call.path, part, named)) {
    const auto found = world.droplets.find(std::stoll(part[1]));
    droplet = found == world.droplets.end() ? nullptr : &found->second;
    path = part[2];
  } else {
    droplet = world.droplet_at(call.caller);
  }
  const Reply missing{.status = 404, .text = "not found", .type = "text/plain"};
  if (droplet == nullptr || call.method != "GET") {
    return missing;
  }
  world.advance(now);
  const Json facts = document(world, *droplet, now);
  if (path == "/metadata/v1.json") {
    return {.body = facts};
  }
  const std::string root = "/metadata/v1/";
  const auto value =
      path.rfind(root, 0) == 0 ? text_value(facts, path.substr(root.size())) : std::nullopt;
  return value ? Reply{.text = *value, .type = "text/plain"} : missing;
}

}  // namespace sim
