// SPDX-License-Identifier: Apache-2.0
#include "support/fake_cloud.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <iomanip>
#include <sstream>

// The Kubernetes part of the cloud in memory: one Node, Leases by address, Events.
namespace support {
namespace {

using nlohmann::json;
using std::chrono::seconds;

json render(const core::Taint& taint) {
  return {{"key", taint.key}, {"value", taint.value}, {"effect", taint.effect}};
}

core::Taint taint_of(const json& entry) {
  return {.key = entry.at("key"),
          .value = entry.value("value", ""),
          .effect = entry.at("effect"),
          .time_added = entry.value("timeAdded", "")};
}

seconds parse(const std::string& text) {
  std::tm parts = {};
  std::istringstream(text) >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
  return seconds{timegm(&parts)};
}

std::string micro_time(seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000Z", fmt::gmtime(time.count()));
}

Reply refused(int status, const std::string& message) {
  return json_reply(json{{"kind", "Status"}, {"message", message}}.dump(), status);
}

json render(const core::Ipv4& address, const FakeCloud::Lease& lease) {
  return {{"metadata",
           {{"name", "do-egress-ip-" + address.to_string()},
            {"uid", "lease-" + address.to_string()},
            {"resourceVersion", std::to_string(lease.version)},
            {"ownerReferences", {{{"uid", lease.owner_uid}}}}}},
          {"spec",
           {{"holderIdentity", lease.holder},
            {"leaseDurationSeconds", lease.duration.count()},
            {"renewTime", micro_time(lease.renewed)},
            {"leaseTransitions", lease.transitions}}}};
}

}  // namespace

Reply FakeCloud::kubernetes(const io::Request& request) {
  const bool about_lease = request.url.find("/leases") != std::string::npos;
  const bool about_event = request.url.find("/events") != std::string::npos;
  if (request.connect_only) {
    return json_reply("{}");
  }
  if (request.url.ends_with("/selfsubjectaccessreviews")) {
    const json asked = json::parse(request.body).at("spec").at("resourceAttributes");
    const std::string right = fmt::format("{} {}", asked.at("verb").get<std::string>(),
                                          asked.at("resource").get<std::string>());
    return json_reply(json{{"status", {{"allowed", !denied.contains(right)}}}}.dump(), 201);
  }
  if (request.url.find("/configmaps/") != std::string::npos ||
      request.url.find("/nodes?") != std::string::npos) {
    return refused(403, "forbidden");
  }
  Reply reply = about_lease ? lease(request) : about_event ? event(request) : node(request);
  if (auto* response = std::get_if<io::Response>(&reply)) {
    response->headers["date"] =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(clock_.wall().count()));
  }
  return reply;
}

Reply FakeCloud::node(const io::Request& request) {
  if (request.method == "PATCH") {
    const auto patch = json::parse(request.body);
    const json& metadata = patch.at("metadata");
    if (metadata.value("resourceVersion", std::to_string(node_version)) !=
        std::to_string(node_version)) {
      return refused(409, "the object has been modified");
    }
    for (const auto& [key, value] : metadata.at("labels").items()) {
      labels.erase(key);
      if (value.is_string()) {
        labels[key] = value.get<std::string>();
      }
    }
    if (patch.contains("spec")) {
      taints.clear();
      for (const json& entry : patch.at("spec").at("taints")) {
        taints.push_back(taint_of(entry));
      }
    }
    ++node_version;
  }
  json list = json::array();
  for (const core::Taint& taint : taints) {
    list.push_back(render(taint));
  }
  return json_reply(json{
      {"metadata",
       {{"uid", node_uid}, {"resourceVersion", std::to_string(node_version)}, {"labels", labels}}},
      {"spec", {{"providerID", provider_id}, {"podCIDR", pod_network}, {"taints", list}}}}
                        .dump());
}

Reply FakeCloud::lease(const io::Request& request) {
  const std::string prefix = "do-egress-ip-";
  const json body = request.body.empty() ? json() : json::parse(request.body);
  const auto at = request.url.find(prefix, request.url.find("/leases"));
  const std::string name = at == std::string::npos
                               ? body.at("metadata").at("name").get<std::string>()
                               : request.url.substr(at);
  const auto address = *core::Ipv4::parse(name.substr(prefix.size()));
  const auto known = leases.find(address);
  if (request.method == "POST" ? known != leases.end() : known == leases.end()) {
    return request.method == "POST" ? refused(409, "already exists") : refused(404, "not found");
  }
  if (request.method == "DELETE") {
    if (body.at("preconditions").at("resourceVersion") != std::to_string(known->second.version)) {
      return refused(409, "precondition failed");
    }
    leases.erase(known);
    return json_reply("{}");
  }
  if (request.method == "PUT" &&
      body.at("metadata").at("resourceVersion") != std::to_string(known->second.version)) {
    return refused(409, "the object has been modified");
  }
  if (request.method != "GET") {
    Lease& lease = leases[address];
    const json& spec = body.at("spec");
    lease = {.holder = spec.at("holderIdentity"),
             .owner_uid = body.at("metadata").at("ownerReferences").at(0).at("uid"),
             .renewed = parse(spec.at("renewTime")),
             .duration = seconds{spec.at("leaseDurationSeconds").get<int>()},
             .version = lease.version + 1,
             .transitions = spec.at("leaseTransitions")};
  }
  return json_reply(render(address, leases.at(address)).dump(),
                    request.method == "POST" ? 201 : 200);
}

Reply FakeCloud::event(const io::Request& request) {
  const json body = json::parse(request.body);
  if (!event_names_.insert(body.at("metadata").at("name")).second) {
    return refused(409, "already exists");
  }
  events.push_back(fmt::format("{}: {}", body.at("reason").get<std::string>(),
                               body.at("note").get<std::string>()));
  return json_reply("{}", 201);
}

}  // namespace support
