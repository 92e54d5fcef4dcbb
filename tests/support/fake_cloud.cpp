// SPDX-License-Identifier: Apache-2.0
#include "support/fake_cloud.hpp"

#include "core/plan/routes.hpp"
#include "support/builders.hpp"

#include <nlohmann/json.hpp>

namespace support {
namespace {

using nlohmann::json;

const std::string addresses_path = "/v2/reserved_ips/";

bool is_from(const io::Request& request, core::Ipv4 address) {
  return request.source && request.source->address == address;
}

json interface_of(core::Ipv4 address, core::Ipv4 gateway) {
  return {{"ip_address", address.to_string()}, {"gateway", gateway.to_string()}};
}

}  // namespace

FakeCloud::FakeCloud(FakeHttp& http, FakeClock& clock, FakeKernel& kernel)
    : clock_(clock), kernel_(kernel) {
  for (const core::Ipv4 address : asked().pool) {
    addresses[address] = {};
  }
  http.handler = [this](const io::Request& request) { return answer(request); };
}

std::optional<core::Ipv4> FakeCloud::held() const {
  for (const auto& [address, entry] : addresses) {
    if (entry.holder == our_droplet) {
      return address;
    }
  }
  return std::nullopt;
}

Reply FakeCloud::answer(const io::Request& request) {
  for (auto& [address, entry] : addresses) {
    if (entry.pending && clock_.now >= entry.done_at) {
      entry.holder = std::exchange(entry.pending, std::nullopt);
    }
  }
  if (fault) {
    if (auto reply = fault(request)) {
      return *reply;
    }
  }
  if (!reaches(request)) {
    return no_reply();
  }
  Reply reply = serve(request);
  if (afterwards) {
    afterwards(request, reply);
  }
  return reply;
}

// Whether a request arrives. Without an address the anchor path is dead, whatever the default is.
// Traffic bound to one of the two addresses needs its table and rules.
bool FakeCloud::reaches(const io::Request& request) const {
  const core::Network& network = kernel_.network;
  if (request.server == io::Server::metadata) {
    const auto in_force = core::default_in_force(network).value_or(core::Route{});
    return route_to(kernel_.network, core::metadata_service) != nullptr || in_force.multipath ||
           in_force.via.gateway == public_gateway;
  }
  if (is_from(request, public_address)) {
    return default_route(kernel_.network, core::public_table) != nullptr;
  }
  if (is_from(request, anchor_address)) {
    const core::Route* route = default_route(kernel_.network, core::anchor_table);
    const bool proves = request.mark == core::proof_mark.value && request.direct;
    return proves && route != nullptr && route->via.gateway == anchor_gateway && held().has_value();
  }
  const auto in_force = core::default_in_force(network);
  return in_force && (in_force->via.gateway != anchor_gateway || held().has_value());
}

Reply FakeCloud::serve(const io::Request& request) {
  if (request.server == io::Server::metadata) {
    return metadata();
  }
  if (request.server == io::Server::verify) {
    return whatismyip(request);
  }
  if (request.server == io::Server::kubernetes) {
    return kubernetes(request);
  }
  const std::string path = request.url.substr(api_url.size());
  if (path.starts_with("/v2/droplets/")) {
    return json_reply("{}", shows_droplets ? 200 : 403);
  }
  if (!path.starts_with(addresses_path)) {
    return list();
  }
  const auto address = core::Ipv4::parse(path.substr(
      addresses_path.size(), path.find('/', addresses_path.size()) - addresses_path.size()));
  if (!address || !addresses.contains(*address)) {
    return json_reply(R"({"id":"not_found","message":"not found"})", 404);
  }
  if (request.method == "POST") {
    return assign(*address);
  }
  return path.find("/actions/") == std::string::npos
             ? one(*address)
             : json_reply(R"({"action":{"status":"in-progress"}})");
}

// Traffic through the anchor appears to come from the reserved IP.
Reply FakeCloud::whatismyip(const io::Request& request) const {
  const auto in_force = core::default_in_force(kernel_.network);
  const bool by_default = in_force && in_force->via.gateway == anchor_gateway && !request.source;
  const bool anchor = by_default || is_from(request, anchor_address);
  const auto address = anchor ? held() : std::optional(public_address);
  return address ? json_reply(address->to_string() + "\n") : no_reply();
}

Reply FakeCloud::metadata() const {
  const auto address = metadata_lags ? metadata_says : held();
  json v4 = {{"active", address.has_value()}};
  if (address) {
    v4["ip_address"] = address->to_string();
  }
  json nic = {{"mac", "04:01:2a:0f:2a:01"},
              {"ipv4", interface_of(public_address, public_gateway)},
              {"anchor_ipv4", interface_of(anchor_address, anchor_gateway)}};
  return json_reply(json{
      {"droplet_id", our_droplet},
      {"region", "nyc3"},
      {"interfaces", {{"public", {nic}}}},
      {"reserved_ip",
       {{"ipv4", v4}}}}.dump());
}

namespace {

json render(core::Ipv4 address, const FakeCloud::Entry& entry, bool shows_droplets) {
  json result = {{"ip", address.to_string()},
                 {"region", {{"slug", entry.region}}},
                 {"locked", entry.pending.has_value()},
                 {"droplet", nullptr}};
  if (entry.holder && !entry.pending && shows_droplets) {
    result["droplet"] = {{"id", *entry.holder}};
  }
  return result;
}

}  // namespace

Reply FakeCloud::list() const {
  json entries = json::array();
  for (const auto& [address, entry] : addresses) {
    if (entry.listed) {
      entries.push_back(render(address, entry, shows_droplets));
    }
  }
  return json_reply(json{{"reserved_ips", entries}, {"links", json::object()}}.dump());
}

Reply FakeCloud::one(core::Ipv4 address) const {
  return json_reply(
      json{{"reserved_ip", render(address, addresses.at(address), shows_droplets)}}.dump());
}

Reply FakeCloud::assign(core::Ipv4 address) {
  Entry& entry = addresses.at(address);
  if (entry.holder && entry.holder != our_droplet) {
    thefts.push_back(address.to_string());
  }
  if (entry.pending) {
    return json_reply(R"({"message":"The floating IP already has a pending event."})", 422);
  }
  if (held()) {
    return json_reply(R"({"message":"The droplet already has a reserved IP."})", 422);
  }
  entry.holder.reset();
  entry.pending = our_droplet;
  entry.done_at = clock_.now + latency;
  return json_reply(R"({"action":{"id":72531856,"status":"in-progress"}})", 201);
}

}  // namespace support
