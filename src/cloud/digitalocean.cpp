// SPDX-License-Identifier: Apache-2.0
#include "cloud/digitalocean.hpp"

#include "cloud/json.hpp"

namespace cloud {
namespace {

using nlohmann::json;
using Kind = core::PostReply::Kind;

// DigitalOcean's own words and the id its support asks for; a gateway may answer in HTML instead.
std::string explanation(const io::Response& response) {
  const json body = json::parse(response.body, nullptr, false);
  const json* message = member(body, "message");
  const json* id = member(body, "request_id");
  std::string text = message != nullptr && message->is_string() ? message->get<std::string>() : "";
  const std::string request =
      id != nullptr && id->is_string() ? id->get<std::string>() : response.header("x-request-id");
  return request.empty() ? text : fmt::format("{} (request {})", text, request);
}

// Turns a status that no caller can use into the Error it means.
void require_usable(const io::Response& response, const std::string& scope) {
  if (response.status == 401) {
    throw core::Error(core::Exit::no_permission, "DigitalOcean refuses the token: {}",
                      explanation(response))
        .with_hint(
            "the token is wrong or expired; make one with the scopes reserved_ip:read, "
            "reserved_ip:update and droplet:read");
  }
  if (response.status == 403) {
    throw core::Error(core::Exit::no_permission, "DigitalOcean denies the call: {}",
                      explanation(response))
        .with_hint(fmt::format("the token lacks the scope {}, or the account is locked", scope));
  }
  if (response.status == 429) {
    throw core::Error(core::Exit::try_again, "DigitalOcean's rate limit is reached")
        .with_hint("all nodes with one token share 250 requests a minute and 5000 an hour");
  }
  if (response.status >= 500) {
    throw core::Error(core::Exit::unavailable, "DigitalOcean answered {}: {}", response.status,
                      explanation(response))
        .with_hint("see status.digitalocean.com; run again later");
  }
}

core::Error unforeseen(const io::Response& response) {
  return core::Error(core::Exit::software, "DigitalOcean answered {}: {}", response.status,
                     explanation(response));
}

core::FloatingIp floating_ip(const json& entry) {
  core::FloatingIp result;
  result.address = ipv4(entry.at("ip"));
  result.region = entry.at("region").at("slug").get<std::string>();
  if (const json* locked = member(entry, "locked")) {
    result.locked = locked->get<bool>();
  }
  result.holder_shown = entry.contains("droplet");
  if (const json* droplet = member(entry, "droplet")) {
    result.holder = integer(droplet->at("id"));
    const json* name = member(*droplet, "name");
    result.holder_name = name != nullptr && name->is_string() ? name->get<std::string>() : "";
  }
  return result;
}

struct Page {
  std::vector<core::FloatingIp> addresses = {};
  bool last = true;
};

Page page(const json& reply) {
  Page result;
  for (const json& entry : reply.at("reserved_ips")) {
    result.addresses.push_back(floating_ip(entry));
  }
  const json* links = member(reply, "links");
  const json* pages = links == nullptr ? nullptr : member(*links, "pages");
  result.last = result.addresses.empty() || pages == nullptr || member(*pages, "next") == nullptr;
  return result;
}

std::vector<core::Ipv4> addresses_of_droplet(const json& reply) {
  std::vector<core::Ipv4> addresses;
  const json* networks = member(reply.at("droplet"), "networks");
  const json* v4 = networks == nullptr ? nullptr : member(*networks, "v4");
  for (const json& entry : v4 == nullptr ? json::array() : *v4) {
    if (entry.at("type") == "public") {
      addresses.push_back(ipv4(entry.at("ip_address")));
    }
  }
  return addresses;
}

Page page_of(const io::Response& response) {
  if (response.status != 200) {
    throw unforeseen(response);
  }
  return decode(response.body, page);
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
          throw core::Error(core::Exit::software, "unexpected reply: it is about {}",
                            reading.address.to_string());
        }
        return reading;
      });
}

DigitalOcean::Assignment DigitalOcean::assign(core::Ipv4 address, core::DropletId droplet) {
  auto post = request("POST", fmt::format("/v2/reserved_ips/{}/actions", address.to_string()));
  post.headers.emplace_back("Content-Type: application/json");
  post.body = json{{"type", "assign"}, {"droplet_id", droplet}}.dump();
  io::Response response;
  if (const auto failure = core::failure_of([&] { response = http_.send(post); })) {
    return {.reply = {.kind = Kind::unknown, .message = failure->what()}};
  }
  if (response.status == 429) {
    return {.reply = {.kind = Kind::limited}, .response = response};
  }
  if (response.status == 404 || response.status == 422) {
    return {.reply = {.kind = Kind::refused, .message = explanation(response)}};
  }
  if (response.status >= 500) {
    return {.reply = {.kind = Kind::unknown,
                      .message = fmt::format("DigitalOcean answered {}", response.status)}};
  }
  require_usable(response, "reserved_ip:update");
  if (response.status < 200 || response.status >= 300) {
    throw unforeseen(response);
  }
  core::PostReply accepted{.kind = Kind::accepted};
  const json body = json::parse(response.body, nullptr, false);
  const json* action = member(body, "action");
  const json* id = action == nullptr ? nullptr : member(*action, "id");
  if (id != nullptr && id->is_number_integer()) {
    accepted.action = id->get<std::int64_t>();
  }
  return {.reply = accepted};
}

void DigitalOcean::unassign(core::Ipv4 address) {
  core::attempt(fmt::format("unassign {}", address.to_string()), [&] {
    auto post = request("POST", fmt::format("/v2/reserved_ips/{}/actions", address.to_string()));
    post.headers.emplace_back("Content-Type: application/json");
    post.body = json{{"type", "unassign"}}.dump();
    const auto response = http_.send(post);
    require_usable(response, "reserved_ip:update");
    const bool busy = response.status == 422 || response.status == 404;  // the reading after tells
    if (!busy && response.status / 100 != 2) {
      throw unforeseen(response);
    }
  });
}

bool DigitalOcean::has_errored(core::Ipv4 address, std::int64_t action) {
  const auto response =
      get(fmt::format("/v2/reserved_ips/{}/actions/{}", address.to_string(), action),
          "reserved_ip:read");
  const json body = json::parse(response.body, nullptr, false);
  const json* entry = member(body, "action");
  const json* status = entry == nullptr ? nullptr : member(*entry, "status");
  return response.status == 200 && status != nullptr && *status == "errored";
}

namespace {

core::Sight sight_in(const io::Response& response) {
  if (response.status == 403) {
    return core::Sight::denied;
  }
  require_usable(response, "droplet:read");
  return response.status == 200 ? core::Sight::seen : core::Sight::absent;
}

}  // namespace

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
