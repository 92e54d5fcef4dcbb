// SPDX-License-Identifier: Apache-2.0
#include "cloud/metadata.hpp"

#include "cloud/json.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace cloud {
namespace {

using nlohmann::json;

// The service sends a number or a string; both have been seen.
core::DropletId parse_droplet_id(const json& field) {
  if (!field.is_string()) {
    return parse_integer(field);
  }
  const auto text = field.get<std::string>();
  core::DropletId id = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, id);
  if (problem != std::errc{} || stop != end) {
    throw unexpected_reply(core::quote(text) + " is not a droplet id");
  }
  return id;
}

core::Interface parse_interface(const json& address, const json& nic) {
  core::Interface result{.address = parse_ipv4(address.at("ip_address")),
                         .gateway = parse_ipv4(address.at("gateway"))};
  if (const json* mac = find_member(nic, "mac")) {
    result.mac = mac->get<std::string>();
    std::ranges::transform(result.mac, result.mac.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
  }
  return result;
}

// Older images have no `reserved_ip`, only `floating_ip`.
std::optional<core::Ipv4> find_active_address(const json& reply) {
  for (const char* key : {"reserved_ip", "floating_ip"}) {
    const json* v4 = find_member(reply, key, "ipv4");
    const json* active = v4 == nullptr ? nullptr : find_member(*v4, "active");
    if (active != nullptr && active->get<bool>()) {
      return parse_ipv4(v4->at("ip_address"));
    }
  }
  return std::nullopt;
}

core::Droplet parse_droplet(const json& reply) {
  core::Droplet result;
  result.id = parse_droplet_id(reply.at("droplet_id"));
  result.region = core::escape(reply.at("region").get<std::string>());
  const json& interfaces = reply.at("interfaces");
  const json* nics = find_member(interfaces, "public");
  if (nics != nullptr && !nics->empty()) {
    const json& nic = nics->at(0);
    if (const json* address = find_member(nic, "ipv4")) {
      result.public_interface = parse_interface(*address, nic);
    }
    if (const json* anchor = find_member(nic, "anchor_ipv4")) {
      result.anchor = parse_interface(*anchor, json::object());
    }
  }
  result.floating_ip = find_active_address(reply);
  return result;
}

}  // namespace

io::Request metadata_request(const std::string& base_url) {
  // User data is the largest part, at most 64 KiB.
  return {.server = io::Server::metadata,
          .url = base_url + "/metadata/v1.json",
          .largest_reply = std::size_t{256} << 10U};
}

core::Droplet decode_metadata(const io::Response& response) {
  if (response.status != 200 || is_html(response)) {
    throw core::Error(core::Exit::unavailable, "the metadata service answered {}{}",
                      response.status, is_html(response) ? " with HTML, not JSON" : "")
        .with_hint(
            "check that this is a droplet and that no proxy or firewall answers: curl "
            "http://169.254.169.254/metadata/v1.json");
  }
  return decode(response.body, parse_droplet);
}

}  // namespace cloud
