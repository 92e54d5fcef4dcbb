// SPDX-License-Identifier: Apache-2.0
#include "cloud/metadata.hpp"

#include "cloud/json.hpp"
#include "core/redact.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace cloud {
namespace {

using nlohmann::json;

// A number, or the same as a string: both have been seen.
core::DropletId droplet_id(const json& field) {
  if (!field.is_string()) {
    return integer(field);
  }
  const auto text = field.get<std::string>();
  core::DropletId id = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, id);
  if (problem != std::errc{} || stop != end) {
    throw unexpected(core::quoted(text) + " is not a droplet id");
  }
  return id;
}

core::Interface interface(const json& address, const json& nic) {
  core::Interface result{.address = ipv4(address.at("ip_address")),
                         .gateway = ipv4(address.at("gateway"))};
  if (const json* mac = member(nic, "mac")) {
    result.mac = mac->get<std::string>();
    std::ranges::transform(result.mac, result.mac.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
  }
  return result;
}

// Older images lack `reserved_ip`, and say `floating_ip` only.
std::optional<core::Ipv4> active_address(const json& reply) {
  for (const char* key : {"reserved_ip", "floating_ip"}) {
    const json* entry = member(reply, key);
    const json* v4 = entry == nullptr ? nullptr : member(*entry, "ipv4");
    const json* active = v4 == nullptr ? nullptr : member(*v4, "active");
    if (active != nullptr && active->get<bool>()) {
      return ipv4(v4->at("ip_address"));
    }
  }
  return std::nullopt;
}

core::Droplet droplet(const json& reply) {
  core::Droplet result;
  result.id = droplet_id(reply.at("droplet_id"));
  result.region = core::escaped(reply.at("region").get<std::string>());
  const json& interfaces = reply.at("interfaces");
  const json* nics = member(interfaces, "public");
  if (nics != nullptr && !nics->empty()) {
    const json& nic = nics->at(0);
    if (const json* address = member(nic, "ipv4")) {
      result.public_interface = interface(*address, nic);
    }
    if (const json* anchor = member(nic, "anchor_ipv4")) {
      result.anchor = interface(*anchor, json::object());
    }
  }
  result.floating_ip = active_address(reply);
  return result;
}

}  // namespace

io::Request metadata_request(const std::string& base_url) {
  // The largest part is user data, of 64 KiB at most.
  return {.server = io::Server::metadata,
          .url = base_url + "/metadata/v1.json",
          .largest_reply = std::size_t{256} << 10U};
}

core::Droplet decode_metadata(const io::Response& response) {
  if (response.status != 200 || is_page(response)) {
    throw core::Error(core::Exit::unavailable, "the metadata service answered {}{}",
                      response.status, is_page(response) ? " with HTML, not JSON" : "")
        .with_hint("is this a DigitalOcean droplet? a proxy or a firewall may answer in its place");
  }
  return decode(response.body, droplet);
}

}  // namespace cloud
