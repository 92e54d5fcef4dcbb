// SPDX-License-Identifier: Apache-2.0
#include "control.hpp"

#include <functional>
#include <regex>
#include <stdexcept>

namespace sim {

void require_fields(const Json& object, const std::set<std::string>& known) {
  for (const auto& [key, value] : object.items()) {
    if (!known.contains(key)) {
      throw std::invalid_argument("unknown field " + key);
    }
  }
}

namespace {

std::optional<Interface> interface(const Json& droplet, const char* key) {
  const Json nic = droplet.value(key, Json());
  if (nic.is_null()) {
    return std::nullopt;
  }
  require_fields(nic, {"ip", "netmask", "gateway", "mac"});
  return Interface{nic.at("ip"), nic.at("netmask"), nic.at("gateway"), nic.value("mac", "")};
}

std::optional<DropletId> optional_id(const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  return value.is_null() ? std::nullopt : std::optional(value.get<DropletId>());
}

class Control {
 public:
  Control(World& world, Faults& faults, Json& requests, const Call& call, Millis now)
      : world_(world), faults_(faults), requests_(requests), call_(call), now_(now) {
    body_ = call.body.empty() ? Json::object() : Json::parse(call.body);
  }

  Reply answer() {
    using Handler = Json (Control::*)(const std::string&);
    static const std::vector<std::tuple<std::string, std::regex, Handler>> routes = {
        {"PUT", std::regex("/droplets/([0-9]+)"), &Control::put_droplet},
        {"DELETE", std::regex("/droplets/([0-9]+)"), &Control::delete_droplet},
        {"PUT", std::regex("/addresses/([0-9.]+)"), &Control::put_address},
        {"DELETE", std::regex("/addresses/([0-9.]+)"), &Control::delete_address},
        {"POST", std::regex("/addresses()"), &Control::post_addresses},
        {"PUT", std::regex("/tokens/(.+)"), &Control::put_token},
        {"PATCH", std::regex("/settings()"), &Control::patch_settings},
        {"POST", std::regex("/assign/([0-9.]+)"), &Control::assign},
        {"POST", std::regex("/unassign/([0-9.]+)"), &Control::unassign},
        {"POST", std::regex("/faults()"), &Control::post_fault},
        {"GET", std::regex("/faults()"), &Control::get_faults},
        {"DELETE", std::regex("/faults/?([0-9]*)"), &Control::delete_faults},
        {"GET", std::regex("/journal()"), &Control::get_journal},
        {"DELETE", std::regex("/journal()"), &Control::delete_journal},
        {"GET", std::regex("/world()"), &Control::get_world},
    };
    for (const auto& [method, path, handler] : routes) {
      std::smatch part;
      if (call_.method == method && std::regex_match(call_.path, part, path)) {
        return {.body = (this->*handler)(part[1])};
      }
    }
    if (const auto result = control_kubernetes(world_, call_, body_, now_)) {
      return {.body = *result};
    }
    return {.status = 404, .body = {{"error", "no such path"}}};
  }

 private:
  Json put_droplet(const std::string& id) {
    require_fields(body_,
                   {"name", "hostname", "region", "public", "anchor", "private", "pending_event"});
    Droplet& droplet = world_.droplets[std::stoll(id)];
    droplet.id = std::stoll(id);
    droplet.name = body_.at("name");
    droplet.hostname = body_.value("hostname", droplet.name);
    droplet.region = body_.value("region", "nyc3");
    droplet.public_interface = interface(body_, "public");
    droplet.anchor = interface(body_, "anchor");
    droplet.private_interface = interface(body_, "private");
    droplet.pending_event = body_.value("pending_event", false);
    return {{"id", droplet.id}};
  }

  Json delete_droplet(const std::string& id) {
    world_.destroy(std::stoll(id), now_);
    return Json::object();
  }

  Json put_address(const std::string& ip) {
    require_fields(body_, {"region", "droplet", "locked", "byoip", "odd"});
    Address& address = world_.addresses[ip];
    address.ip = ip;
    address.region = body_.value("region", address.region);
    address.byoip = body_.value("byoip", address.byoip);
    address.odd = body_.value("odd", address.odd);
    if (body_.contains("droplet")) {
      world_.set_holder(ip, optional_id(body_, "droplet"), now_, "control");
    }
    address.locked = body_.value("locked", false);
    return {{"ip", ip}};
  }

  Json delete_address(const std::string& ip) {
    world_.set_holder(ip, std::nullopt, now_, "control");
    world_.addresses.erase(ip);
    return Json::object();
  }

  Json post_addresses(const std::string&) {
    require_fields(body_, {"addresses", "region"});
    for (const std::string ip : body_.at("addresses")) {
      world_.set_holder(ip, std::nullopt, now_, "control");
      world_.addresses[ip] = {.ip = ip, .region = body_.value("region", "nyc3"), .droplet = {}};
    }
    return Json::object();
  }

  Json put_token(const std::string& token) {
    require_fields(body_, {"scopes", "droplet", "limits_of"});
    world_.tokens[token].scopes = body_.at("scopes").get<std::set<std::string>>();
    world_.tokens[token].droplet = optional_id(body_, "droplet");
    world_.tokens[token].limits_of = body_.value("limits_of", "");
    return Json::object();
  }

  Json patch_settings(const std::string&) {
    Settings& s = world_.settings;
    const std::map<std::string, std::function<void(const Json&)>> known = {
        {"action_latency_ms", [&](const Json& v) { v.get_to(s.action_latency_ms); }},
        {"metadata_lag_ms", [&](const Json& v) { v.get_to(s.metadata_lag_ms); }},
        {"page_default", [&](const Json& v) { v.get_to(s.page_default); }},
        {"page_max", [&](const Json& v) { v.get_to(s.page_max); }},
        {"droplet_id_as_string", [&](const Json& v) { v.get_to(s.droplet_id_as_string); }},
        {"tags_null", [&](const Json& v) { v.get_to(s.tags_null); }},
        {"reserved_ip_key", [&](const Json& v) { v.get_to(s.reserved_ip_key); }},
        {"no_droplet_scope_shows", [&](const Json& v) { v.get_to(s.no_droplet_scope_shows); }},
        {"limit_minute", [&](const Json& v) { v.get_to(s.limit_minute); }},
        {"limit_hour", [&](const Json& v) { v.get_to(s.limit_hour); }},
        {"enforce_limits", [&](const Json& v) { v.get_to(s.enforce_limits); }},
        {"hold_ms", [&](const Json& v) { v.get_to(s.hold_ms); }},
        {"strip_labels", [&](const Json& v) { v.get_to(world_.kube.stripped_labels); }},
        {"clock_offset_ms", [&](const Json& v) { v.get_to(s.clock_offset_ms); }},
    };
    for (const auto& [key, value] : body_.items()) {
      known.at(key)(value);
    }
    return Json::object();
  }

  Json assign(const std::string& ip) {
    require_fields(body_, {"droplet"});
    world_.set_holder(ip, body_.at("droplet").get<DropletId>(), now_, "control");
    return Json::object();
  }

  Json unassign(const std::string& ip) {
    world_.set_holder(ip, std::nullopt, now_, "control");
    return Json::object();
  }

  Json post_fault(const std::string&) {
    static const std::set<std::string> events = {"errored-action", "steal", "unassign",
                                                 "action-404", "lost-assign"};
    if (!events.contains(body_.at("kind").get<std::string>())) {
      return {{"id", faults_.add(body_)}};
    }
    require_fields(body_, {"kind", "to", "after_ms", "count"});
    world_.event_faults.push_back({.kind = body_.at("kind"),
                                   .to = body_.value("to", DropletId{0}),
                                   .after_ms = body_.value("after_ms", Millis{0}),
                                   .count = body_.value("count", 1)});
    return {{"id", 0}};
  }

  Json get_faults(const std::string&) { return faults_.shown(); }

  Json delete_faults(const std::string& id) {
    if (id.empty()) {
      faults_.clear();
      world_.end_event_faults();
    } else {
      faults_.remove(std::stoi(id));
    }
    return Json::object();
  }

  Json get_journal(const std::string&) {
    world_.advance(now_);
    return {{"requests", requests_},
            {"assignments", world_.assignments},
            {"thefts", world_.thefts},
            {"creations", world_.kube.creations}};
  }

  Json delete_journal(const std::string&) {
    requests_ = Json::array();
    world_.assignments = Json::array();
    world_.thefts = Json::array();
    world_.kube.creations = Json::array();
    return Json::object();
  }

  Json get_world(const std::string&) {
    world_.advance(now_);
    Json addresses = Json::object();
    for (const auto& [ip, address] : world_.addresses) {
      addresses[ip] = {{"droplet", address.droplet ? Json(*address.droplet) : Json(nullptr)},
                       {"locked", address.locked},
                       {"region", address.region}};
    }
    Json result = shown_cluster(world_);
    result["addresses"] = addresses;
    return result;
  }

  World& world_;
  Faults& faults_;
  Json& requests_;
  const Call& call_;
  Millis now_;
  Json body_;
};

}  // namespace

Reply control(World& world, Faults& faults, Json& requests, const Call& call, Millis now) {
  try {
    return Control(world, faults, requests, call, now).answer();
  } catch (const std::exception& error) {
    return {.status = 400, .body = {{"error", error.what()}}};
  }
}

}  // namespace sim
