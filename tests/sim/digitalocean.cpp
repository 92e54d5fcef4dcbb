// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

// The DigitalOcean API: authentication, scopes, rate limits, reserved IPs and their actions.
namespace sim {
namespace {

Reply error(int status, const std::string& id, const std::string& message) {
  static std::int64_t request = 0;
  return {.status = status,
          .body = {{"id", id},
                   {"message", message},
                   {"request_id", fmt::format("4d9d8375-3c56-4925-a3e7-{:012x}", ++request)}}};
}

Reply not_found() {
  return error(404, "not_found", "The resource you requested could not be found.");
}

Json region(const std::string& slug) {
  return {{"name", slug},
          {"slug", slug},
          {"sizes", {"s-1vcpu-1gb"}},
          {"features", {"metadata"}},
          {"available", true}};
}

Json image() {
  return {{"id", 7555620},      {"name", "DOKS worker"}, {"distribution", "Debian"},
          {"slug", nullptr},    {"public", false},       {"regions", Json::array()},
          {"type", "snapshot"}, {"min_disk_size", 20},   {"size_gigabytes", 2.5}};
}

Json size() {
  return {{"slug", "s-1vcpu-1gb"},
          {"memory", 1024},
          {"vcpus", 1},
          {"disk", 25},
          {"transfer", 1.0},
          {"price_monthly", 6.0},
          {"price_hourly", 0.00893},
          {"regions", {"nyc3"}},
          {"available", true},
          {"description", "Basic"}};
}

Json networks(const World& world, const Droplet& droplet) {
  Json v4 = Json::array();
  const auto add = [&](const std::string& ip, const std::string& mask, const std::string& gateway,
                       const char* type) {
    v4.push_back({{"ip_address", ip}, {"netmask", mask}, {"gateway", gateway}, {"type", type}});
  };
  if (droplet.private_interface) {
    const Interface& nic = *droplet.private_interface;
    add(nic.ip, nic.netmask, nic.gateway, "private");
  }
  if (droplet.public_interface) {
    const Interface& nic = *droplet.public_interface;
    add(nic.ip, nic.netmask, nic.gateway, "public");
  }
  for (const std::string& ip : world.held_by(droplet.id)) {
    add(ip, "255.255.255.255", "", "public");
  }
  return {{"v4", v4}, {"v6", Json::array()}};
}

Json shape(const World& world, const Droplet& droplet) {
  return {{"id", droplet.id},
          {"name", droplet.name},
          {"memory", 1024},
          {"vcpus", 1},
          {"disk", 25},
          {"locked", false},
          {"status", "active"},
          {"created_at", "2026-11-01T10:00:00Z"},
          {"features", {"monitoring"}},
          {"backup_ids", Json::array()},
          {"next_backup_window", nullptr},
          {"snapshot_ids", Json::array()},
          {"image", image()},
          {"volume_ids", Json::array()},
          {"size", size()},
          {"size_slug", "s-1vcpu-1gb"},
          {"networks", networks(world, droplet)},
          {"region", region(droplet.region)},
          {"tags", {"k8s", "k8s:worker"}}};
}

Json right_shape(const World& world, const Address& address, const Token& token) {
  Json result = {{"ip", address.ip},
                 {"region", region(address.region)},
                 {"locked", address.locked},
                 {"droplet", nullptr}};
  if (!token.scopes.contains("droplet:read")) {
    if (world.settings.no_droplet_scope_shows == "absent") {
      result.erase("droplet");
    }
    return result;
  }
  const auto holder =
      address.droplet ? world.droplets.find(*address.droplet) : world.droplets.end();
  if (holder != world.droplets.end()) {
    result["droplet"] = shape(world, holder->second);
  }
  return result;
}

Json shape(const World& world, const Address& address, const Token& token) {
  Json result = right_shape(world, address, token);
  if (address.odd.is_object()) {
    result.update(address.odd);
  }
  return result;
}

Json shape(const Action& action, const std::string& slug) {
  const bool done = action.status != "in-progress";
  return {{"id", action.id},
          {"status", action.status},
          {"type", action.type},
          {"started_at", "2026-11-22T12:00:00Z"},
          {"completed_at", done ? Json("2026-11-22T12:00:11Z") : Json(nullptr)},
          {"resource_id", action.droplet},
          {"resource_type", "reserved_ip"},
          {"region", region(slug)},
          {"region_slug", slug}};
}

// One authenticated call.
class Api {
 public:
  Api(World& world, const Call& call, Token& token, Millis now)
      : world_(world), call_(call), token_(token), now_(now) {}

  Reply answer() {
    static const std::regex one("/v2/reserved_ips/([0-9.]+)");
    static const std::regex actions("/v2/reserved_ips/([0-9.]+)/actions");
    static const std::regex action("/v2/reserved_ips/([0-9.]+)/actions/([0-9]+)");
    static const std::regex droplet("/v2/droplets/([0-9]+)");
    std::smatch part;
    const bool get = call_.method == "GET";
    if (get && call_.path == "/v2/reserved_ips") {
      return list();
    }
    if (get && std::regex_match(call_.path, part, one)) {
      return read(part[1]);
    }
    if (std::regex_match(call_.path, part, actions)) {
      return get ? list_actions(part[1]) : call_.method == "POST" ? act(part[1]) : not_found();
    }
    if (get && std::regex_match(call_.path, part, action)) {
      return read_action(part[1], std::stoll(part[2]));
    }
    if (get && call_.path == "/v2/droplets") {
      return list_droplets();
    }
    if (get && std::regex_match(call_.path, part, droplet)) {
      return read_droplet(std::stoll(part[1]));
    }
    return not_found();
  }

 private:
  bool lacks(const char* scope) const { return !token_.scopes.contains(scope); }

  static Reply forbidden() {
    return error(403, "forbidden", "You do not have permission to perform this action.");
  }

  int number(const std::string& name, int initial) const {
    const auto found = call_.query.find(name);
    return found == call_.query.end() ? initial : std::max(1, std::atoi(found->second.c_str()));
  }

  std::string page_url(int page, int size) const {
    return fmt::format("https://api.digitalocean.com{}?page={}&per_page={}", call_.path, page,
                       size);
  }

  Reply list() {
    if (lacks("reserved_ip:read")) {
      return forbidden();
    }
    const int size =
        std::min(number("per_page", world_.settings.page_default), world_.settings.page_max);
    const int page = number("page", 1);
    std::vector<const Address*> listed;
    for (const auto& [ip, address] : world_.addresses) {
      if (!address.byoip) {
        listed.push_back(&address);
      }
    }
    const int total = static_cast<int>(listed.size());
    Json shown = Json::array();
    for (int index = (page - 1) * size; index < std::min(page * size, total); ++index) {
      shown.push_back(shape(world_, *listed.at(static_cast<std::size_t>(index)), token_));
    }
    Json pages = Json::object();
    if (page > 1) {
      pages["first"] = page_url(1, size);
      pages["prev"] = page_url(page - 1, size);
    }
    if (page * size < total) {
      pages["next"] = page_url(page + 1, size);
      pages["last"] = page_url((total + size - 1) / size, size);
    }
    const Json links = pages.empty() ? Json::object() : Json{{"pages", pages}};
    return {.body = {{"reserved_ips", shown}, {"links", links}, {"meta", {{"total", total}}}}};
  }

  Address* find(const std::string& ip) {
    const auto found = world_.addresses.find(ip);
    return found == world_.addresses.end() ? nullptr : &found->second;
  }

  Reply read(const std::string& ip) {
    if (lacks("reserved_ip:read")) {
      return forbidden();
    }
    const Address* address = find(ip);
    if (address == nullptr) {
      return not_found();
    }
    const Droplet* caller = world_.droplet_at(call_.caller);
    const auto who = token_.droplet      ? token_.droplet
                     : caller != nullptr ? std::optional(caller->id)
                                         : std::nullopt;
    if (who && !lacks("droplet:read")) {
      world_.prove(ip, *who);
    }
    return {.body = {{"reserved_ip", shape(world_, *address, token_)}}};
  }

  Reply act(const std::string& ip) {
    if (lacks("reserved_ip:update")) {
      return forbidden();
    }
    if (find(ip) == nullptr) {
      return not_found();
    }
    const Json body = Json::parse(call_.body, nullptr, false);
    if (call_.content_type.rfind("application/json", 0) != 0 || !body.is_object()) {
      return error(400, "bad_request", "Error parsing request body.");
    }
    const auto type = body.value("type", "");
    const bool assign = type == "assign";
    if ((!assign && type != "unassign") ||
        (assign && !body.value("droplet_id", Json()).is_number())) {
      return error(422, "unprocessable_entity",
                   "Invalid request payload: missing required values.");
    }
    const auto result = assign ? world_.assign(ip, body.at("droplet_id").get<DropletId>(), now_)
                               : world_.unassign(ip, now_);
    if (!result.action) {
      return error(result.status, result.id, result.message);
    }
    return {.status = 201, .body = {{"action", shape(*result.action, find(ip)->region)}}};
  }

  Reply list_actions(const std::string& ip) {
    if (lacks("reserved_ip:read")) {
      return forbidden();
    }
    Json shown = Json::array();
    for (const auto& [id, action] : world_.actions) {
      if (action.ip == ip && !action.hidden) {
        shown.push_back(shape(action, find(ip)->region));
      }
    }
    return {.body = {{"actions", shown},
                     {"links", Json::object()},
                     {"meta", {{"total", shown.size()}}}}};
  }

  Reply read_action(const std::string& ip, std::int64_t id) {
    if (lacks("reserved_ip:read")) {
      return forbidden();
    }
    const auto found = world_.actions.find(id);
    if (found == world_.actions.end() || found->second.ip != ip || found->second.hidden) {
      return not_found();
    }
    return {.body = {{"action", shape(found->second, find(ip)->region)}}};
  }

  Reply read_droplet(DropletId id) {
    if (lacks("droplet:read")) {
      return forbidden();
    }
    const auto found = world_.droplets.find(id);
    return found == world_.droplets.end()
               ? not_found()
               : Reply{.body = {{"droplet", shape(world_, found->second)}}};
  }

  Reply list_droplets() {
    if (lacks("droplet:read")) {
      return forbidden();
    }
    const int size = number("per_page", world_.settings.page_default);
    Json shown = Json::array();
    for (const auto& [id, droplet] : world_.droplets) {
      if (static_cast<int>(shown.size()) < size) {
        shown.push_back(shape(world_, droplet));
      }
    }
    return {.body = {{"droplets", shown},
                     {"links", Json::object()},
                     {"meta", {{"total", world_.droplets.size()}}}}};
  }

  World& world_;
  const Call& call_;
  Token& token_;
  Millis now_;
};

}  // namespace

Reply digitalocean(World& world, const Call& call, Millis now) {
  const auto token = world.tokens.find(call.bearer);
  if (token == world.tokens.end()) {
    return error(401, "unauthorized", "Unable to authenticate you.");
  }
  world.advance(now);
  const std::string& sharing = token->second.limits_of;
  const auto budget = world.count(sharing.empty() ? token->second : world.tokens[sharing], now);
  using enum World::Budget::Verdict;
  Reply reply = budget.verdict == fine
                    ? Api(world, call, token->second, now).answer()
                    : error(429, "too_many_requests", "API Rate limit exceeded.");
  reply.headers["ratelimit-limit"] = std::to_string(world.settings.limit_hour);
  reply.headers["ratelimit-remaining"] = std::to_string(budget.remaining);
  reply.headers["ratelimit-reset"] =
      std::to_string((budget.reset_at + world.settings.clock_offset_ms) / 1000);
  if (budget.verdict == burst) {
    reply.headers["retry-after"] = std::to_string((budget.open_at - now + 999) / 1000);
  }
  return reply;
}

}  // namespace sim
