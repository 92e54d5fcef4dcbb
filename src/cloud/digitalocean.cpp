// SPDX-License-Identifier: Apache-2.0
#include "cloud/digitalocean.hpp"

#include "cloud/json.hpp"
#include "core/redact.hpp"

namespace cloud {
namespace {

using nlohmann::json;
using Kind = core::PostReply::Kind;

constexpr std::string_view api_name = "DigitalOcean's API";

// Whether something else answered in DigitalOcean's place. Its own errors are JSON objects.
bool is_foreign(const io::Response& response) {
  return is_page(response) || (response.status >= 400 && !response.body.empty() &&
                               parse_any(response.body).is_discarded());
}

// DigitalOcean's own words and the id its support asks for.
std::string explanation(const io::Response& response) {
  const json body = parse_any(response.body);
  const std::string message = words(body, "message");
  std::string request = words(body, "request_id");
  if (request.empty()) {
    request = core::escaped(response.header("x-request-id"));
  }
  return fmt::format("{}{}", message.empty() ? "no reason given" : '"' + message + '"',
                     request.empty() ? "" : fmt::format(" (request {})", request));
}

bool is_transient(const io::Response& response) {
  return response.status >= 500 || response.status == 408 || response.status == 425;
}

core::Error answered(core::Exit exit, const io::Response& response) {
  return core::Error(exit, "DigitalOcean answered {}: {}", response.status, explanation(response));
}

// Turns a status that no caller can use into the Error it means.
void require_usable(const io::Response& response, const std::string& scope) {
  const long status = response.status;
  if (status != 429 && is_foreign(response)) {
    throw page_instead(response, api_name);
  }
  if (status == 401) {
    throw core::Error(core::Exit::no_permission, "DigitalOcean refuses the token: {}",
                      explanation(response))
        .with_hint(
            "the token is wrong or expired; make one with the scopes reserved_ip:read, "
            "reserved_ip:update and droplet:read");
  }
  if (status == 403) {
    throw core::Error(core::Exit::no_permission, "DigitalOcean denies the call: {}",
                      explanation(response))
        .with_hint(fmt::format("the token lacks the scope {}, or the account is locked", scope));
  }
  if (status == 429) {
    throw core::Error(core::Exit::try_again, "DigitalOcean's rate limit is reached")
        .with_hint("all nodes with one token share 250 requests a minute and 5000 an hour");
  }
  if (is_transient(response)) {
    throw answered(core::Exit::unavailable, response)
        .with_hint("see status.digitalocean.com; run again later");
  }
}

// A status that no call of ours is answered with.
core::Error unforeseen(const io::Response& response) {
  if (response.status / 100 == 2) {
    return answered(core::Exit::software, response);
  }
  return answered(core::Exit::unavailable, response)
      .with_hint("check --api-url and the proxy settings, or run again later");
}

// An entry in another shape than the API's is not readable; who holds it may show all the same.
core::FloatingIp floating_ip(const json& entry) {
  core::FloatingIp result;
  result.address = ipv4(entry.at("ip"));
  result.readable = has_shape([&] {
    result.holder_shown = entry.contains("droplet");
    if (const json* droplet = member(entry, "droplet")) {
      result.holder_name = words(*droplet, "name");
      result.holder = integer(droplet->at("id"));
    }
    result.region = core::escaped(entry.at("region").at("slug").get<std::string>());
    const json* locked = member(entry, "locked");
    result.locked = locked != nullptr && locked->get<bool>();
  });
  return result;
}

struct Page {
  std::vector<core::FloatingIp> addresses = {};
  bool last = true;
};

// An account may have entries that are none of our business: one without an address is passed over.
Page page(const json& reply) {
  Page result;
  const json& entries = reply.at("reserved_ips");
  for (const json& entry : entries) {
    has_shape([&] { result.addresses.push_back(floating_ip(entry)); });
  }
  const json* links = member(reply, "links");
  const json* pages = links == nullptr ? nullptr : member(*links, "pages");
  result.last = entries.empty() || pages == nullptr || member(*pages, "next") == nullptr;
  return result;
}

Page page_of(const io::Response& response) {
  if (response.status == 404) {
    throw answered(core::Exit::config, response)
        .with_hint("--api-url is the API's address without a path: https://api.digitalocean.com");
  }
  if (response.status != 200) {
    throw unforeseen(response);
  }
  return decode(response.body, page);
}

std::vector<core::Ipv4> addresses_of_droplet(const json& reply) {
  std::vector<core::Ipv4> addresses;
  const json* networks = member(reply.at("droplet"), "networks");
  const json* v4 = networks == nullptr ? nullptr : member(*networks, "v4");
  for (const json& entry : v4 == nullptr ? json::array() : *v4) {
    if (words(entry, "type") == "public") {
      has_shape([&] { addresses.push_back(ipv4(entry.at("ip_address"))); });
    }
  }
  return addresses;
}

core::Sight sight_in(const io::Response& response) {
  if (response.status == 403 && !is_foreign(response)) {
    return core::Sight::denied;
  }
  require_usable(response, "droplet:read");
  if (response.status == 200) {
    return core::Sight::seen;
  }
  if (response.status == 404) {
    return core::Sight::absent;
  }
  throw unforeseen(response);
}

}  // namespace

io::Request DigitalOcean::request(const std::string& method, const std::string& path) {
  if (!token_) {
    token_ = read_token_();
  }
  return {.server = io::Server::digitalocean,
          .method = method,
          .url = url_ + path,
          .headers = {authorization(*token_)},
          .ca_file = ca_file_,
          .source = source_,
          .tries = source_ ? io::Tries::one : io::Tries::several};
}

io::Response DigitalOcean::get(const std::string& path, const std::string& scope) {
  auto response = http_.send(request("GET", path));
  require_usable(response, scope);
  return response;
}

io::Request DigitalOcean::post_action(core::Ipv4 address, const std::string& body) {
  auto post = request("POST", fmt::format("/v2/reserved_ips/{}/actions", address.to_string()));
  post.headers.emplace_back("Content-Type: application/json");
  post.body = body;
  return post;
}

DigitalOcean::Listing DigitalOcean::list_addresses(int most_pages) {
  return core::attempt("list the reserved IPs", [&] {
    Listing listing;
    // Pages are counted here: `next` may name another host, which must not get the token.
    for (int number = 1; number <= most_pages && !listing.complete; ++number) {
      const Page read =
          page_of(get(fmt::format("/v2/reserved_ips?per_page={}&page={}", page_size, number),
                      "reserved_ip:read"));
      listing.addresses.insert(listing.addresses.end(), read.addresses.begin(),
                               read.addresses.end());
      listing.complete = read.last;
    }
    return listing;
  });
}

std::optional<core::FloatingIp> DigitalOcean::read_address(core::Ipv4 address) {
  return core::attempt(
      fmt::format("read reserved IP {}", address.to_string()),
      [&]() -> std::optional<core::FloatingIp> {
        const auto response = get("/v2/reserved_ips/" + address.to_string(), "reserved_ip:read");
        if (response.status == 404) {
          return std::nullopt;
        }
        if (response.status != 200) {
          throw unforeseen(response);
        }
        const core::FloatingIp reading = decode(
            response.body, [](const json& reply) { return floating_ip(reply.at("reserved_ip")); });
        if (reading.address != address) {
          throw unexpected("it is about " + reading.address.to_string());
        }
        return reading;
      });
}

DigitalOcean::Assignment DigitalOcean::assign(core::Ipv4 address, core::DropletId droplet) {
  const auto post = post_action(address, json{{"type", "assign"}, {"droplet_id", droplet}}.dump());
  io::Response response;
  if (const auto failure = core::failure_of([&] { response = http_.send(post); })) {
    return {.reply = {.kind = Kind::unknown, .message = failure->what()}};
  }
  if (response.status == 429) {
    return {.reply = {.kind = Kind::limited}, .response = response};
  }
  if (is_page(response) || is_transient(response)) {
    const core::Error cause = is_page(response) ? page_instead(response, api_name)
                                                : answered(core::Exit::unavailable, response);
    return {.reply = {.kind = Kind::unknown, .message = cause.what()}};
  }
  if (response.status == 404 || response.status == 409 || response.status == 422) {
    return {.reply = {.kind = Kind::refused, .message = explanation(response)}};
  }
  require_usable(response, "reserved_ip:update");
  if (response.status / 100 != 2) {
    throw unforeseen(response);
  }
  core::PostReply accepted{.kind = Kind::accepted};
  const json body = parse_any(response.body);
  const json* action = member(body, "action");
  const json* id = action == nullptr ? nullptr : member(*action, "id");
  if (id != nullptr && id->is_number_integer()) {
    accepted.action = id->get<std::int64_t>();
  }
  return {.reply = accepted};
}

void DigitalOcean::unassign(core::Ipv4 address) {
  core::attempt(fmt::format("unassign {}", address.to_string()), [&] {
    const auto response = http_.send(post_action(address, json{{"type", "unassign"}}.dump()));
    require_usable(response, "reserved_ip:update");
    const bool busy = response.status == 422 || response.status == 404 || response.status == 409;
    if (!busy && response.status / 100 != 2) {  // the reading after it shows what came of it
      throw unforeseen(response);
    }
  });
}

// The address itself is read next, and decides; what cannot be had of its action fails nothing.
bool DigitalOcean::has_errored(core::Ipv4 address, std::int64_t action) {
  bool errored = false;
  const auto failure = core::failure_of([&] {
    const auto response =
        get(fmt::format("/v2/reserved_ips/{}/actions/{}", address.to_string(), action),
            "reserved_ip:read");
    const json body = parse_any(response.body);
    const json* entry = member(body, "action");
    errored = response.status == 200 && entry != nullptr && words(*entry, "status") == "errored";
  });
  return !failure && errored;
}

std::optional<std::vector<core::Ipv4>> DigitalOcean::public_addresses(core::DropletId droplet) {
  return core::attempt("read the droplet", [&]() -> std::optional<std::vector<core::Ipv4>> {
    const auto response = http_.send(request("GET", fmt::format("/v2/droplets/{}", droplet)));
    if (sight_in(response) != core::Sight::seen) {
      return std::nullopt;
    }
    return decode(response.body, addresses_of_droplet);
  });
}

core::Sight DigitalOcean::sight_of(std::optional<core::DropletId> droplet) {
  const std::string path = droplet ? fmt::format("/{}", *droplet) : "?per_page=1";
  return core::attempt("prove that the token sees droplets",
                       [&] { return sight_in(http_.send(request("GET", "/v2/droplets" + path))); });
}

}  // namespace cloud
