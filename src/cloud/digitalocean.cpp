// SPDX-License-Identifier: Apache-2.0
#include "cloud/digitalocean.hpp"

#include "cloud/json.hpp"
#include "core/text.hpp"

namespace cloud {
namespace {

using nlohmann::json;
using Kind = core::PostReply::Kind;

constexpr std::string_view api_name = "DigitalOcean's API";

// Whether a proxy or a CDN answered in DigitalOcean's place. The API's own errors are JSON objects
// with an id and a message; an empty one says no more than its status.
bool is_foreign(const io::Response& response) {
  if (is_html(response) || response.status < 400 || response.body.empty()) {
    return is_html(response);
  }
  const json body = parse_or_discard(response.body);
  const bool is_empty = body.is_object() && body.empty();
  return !is_empty && find_member(body, "id") == nullptr && find_member(body, "message") == nullptr;
}

// DigitalOcean's message, and the request id that its support asks for.
std::string explanation(const io::Response& response) {
  const json body = parse_or_discard(response.body);
  const std::string message = text_of(body, "message");
  std::string request = text_of(body, "request_id");
  if (request.empty()) {
    request = core::escape(response.header("x-request-id"));
  }
  return fmt::format("{}{}", message.empty() ? "no reason given" : '"' + message + '"',
                     request.empty() ? "" : fmt::format(" (request {})", request));
}

bool is_transient(const io::Response& response) {
  return response.status >= 500 || response.status == 408 || response.status == 425;
}

core::Error status_error(core::Exit exit, const io::Response& response) {
  return core::Error(exit, "DigitalOcean answered {}: {}", response.status, explanation(response));
}

// Throws the Error of a status that no caller can use.
void require_usable(const io::Response& response, const std::string& scope) {
  const long status = response.status;
  if (status != 429 && is_foreign(response)) {
    throw html_error(response, api_name);
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
        .with_hint(
            fmt::format("give the token the scope {}; if it has it, the account is locked", scope));
  }
  if (status == 429) {
    throw core::Error(core::Exit::try_again, "DigitalOcean's rate limit is reached")
        .with_hint(
            "run again later; all nodes with one token share 250 requests a minute and 5000 an "
            "hour");
  }
  if (is_transient(response)) {
    throw status_error(core::Exit::unavailable, response)
        .with_hint("run again later; see status.digitalocean.com");
  }
}

// The Error of a status that the API does not document for our calls.
core::Error unforeseen_status_error(const io::Response& response) {
  if (response.status / 100 == 2) {
    return status_error(core::Exit::software, response);
  }
  return status_error(core::Exit::unavailable, response)
      .with_hint("check --api-url and the proxy settings, or run again later");
}

// An entry in another shape than the API's is marked as not readable. Its holder is kept if it can
// be read.
core::FloatingIp parse_floating_ip(const json& entry) {
  core::FloatingIp result;
  result.address = parse_ipv4(entry.at("ip"));
  result.readable = has_shape([&] {
    result.holder_shown = entry.contains("droplet");
    if (const json* droplet = find_member(entry, "droplet")) {
      result.holder_name = text_of(*droplet, "name");
      result.holder = parse_integer(droplet->at("id"));
    }
    result.region = core::escape(entry.at("region").at("slug").get<std::string>());
    const json* locked = find_member(entry, "locked");
    result.locked = locked != nullptr && locked->get<bool>();
  });
  return result;
}

struct Page {
  std::vector<core::FloatingIp> addresses = {};
  bool last = true;
};

// Skips entries without an address: an account may hold some that this program never uses.
Page parse_page(const json& reply) {
  Page result;
  const json& entries = reply.at("reserved_ips");
  for (const json& entry : entries) {
    has_shape([&] { result.addresses.push_back(parse_floating_ip(entry)); });
  }
  result.last = entries.empty() || find_member(reply, "links", "pages", "next") == nullptr;
  return result;
}

Page read_page(const io::Response& response) {
  if (response.status == 404) {
    throw status_error(core::Exit::config, response)
        .with_hint("give --api-url without a path: https://api.digitalocean.com");
  }
  if (response.status != 200) {
    throw unforeseen_status_error(response);
  }
  return decode(response.body, parse_page);
}

std::vector<core::Ipv4> parse_droplet_addresses(const json& reply) {
  std::vector<core::Ipv4> addresses;
  const json* v4 = find_member(reply.at("droplet"), "networks", "v4");
  for (const json& entry : v4 == nullptr ? json::array() : *v4) {
    if (text_of(entry, "type") != "public") {
      continue;
    }
    has_shape([&] { addresses.push_back(parse_ipv4(entry.at("ip_address"))); });
  }
  return addresses;
}

core::Sight parse_sight(const io::Response& response) {
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
  throw unforeseen_status_error(response);
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
  return core::attempt("list reserved IPs", [&] {
    Listing listing;
    // The code counts the pages itself: `next` may name another host, which must not get the token.
    for (int number = 1; number <= most_pages && !listing.complete; ++number) {
      const Listing read = list_page(number);
      listing.addresses.insert(listing.addresses.end(), read.addresses.begin(),
                               read.addresses.end());
      listing.complete = read.complete;
    }
    return listing;
  });
}

DigitalOcean::Listing DigitalOcean::list_page(int number) {
  const Page read = cloud::read_page(get(
      fmt::format("/v2/reserved_ips?per_page={}&page={}", page_size, number), "reserved_ip:read"));
  return {.addresses = read.addresses, .complete = read.last};
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
          throw unforeseen_status_error(response);
        }
        const core::FloatingIp reading = decode(response.body, [](const json& reply) {
          return parse_floating_ip(reply.at("reserved_ip"));
        });
        if (reading.address != address) {
          throw unexpected_reply("it is about " + reading.address.to_string());
        }
        return reading;
      });
}

DigitalOcean::Assignment DigitalOcean::assign(core::Ipv4 address, core::DropletId droplet) {
  const auto post = post_action(address, json{{"type", "assign"}, {"droplet_id", droplet}}.dump());
  io::Response response;
  if (const auto failure = core::catch_error_except_signals([&] { response = http_.send(post); })) {
    return {.reply = {.kind = Kind::unknown, .message = failure->what()}};
  }
  if (response.status == 429) {
    return {.reply = {.kind = Kind::limited}, .response = response};
  }
  if (is_html(response) || is_transient(response)) {
    const core::Error cause = is_html(response) ? html_error(response, api_name)
                                                : status_error(core::Exit::unavailable, response);
    return {.reply = {.kind = Kind::unknown, .message = cause.what()}};
  }
  if (response.status == 404 || response.status == 409 || response.status == 422) {
    return {.reply = {.kind = Kind::refused, .message = explanation(response)}};
  }
  require_usable(response, "reserved_ip:update");
  if (response.status / 100 != 2) {
    throw unforeseen_status_error(response);
  }
  core::PostReply accepted{.kind = Kind::accepted};
  const json body = parse_or_discard(response.body);
  const json* id = find_member(body, "action", "id");
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
    if (!busy && response.status / 100 != 2) {  // the next read of the address shows the result
      throw unforeseen_status_error(response);
    }
  });
}

// A hint only: the next read of the address decides, so a failure to read the action is ignored.
bool DigitalOcean::has_errored(core::Ipv4 address, std::int64_t action) {
  bool errored = false;
  const auto failure = core::catch_error_except_signals([&] {
    const auto response =
        get(fmt::format("/v2/reserved_ips/{}/actions/{}", address.to_string(), action),
            "reserved_ip:read");
    const json body = parse_or_discard(response.body);
    const json* entry = find_member(body, "action");
    errored = response.status == 200 && entry != nullptr && text_of(*entry, "status") == "errored";
  });
  return !failure && errored;
}

std::optional<std::vector<core::Ipv4>> DigitalOcean::read_public_addresses(
    core::DropletId droplet) {
  return core::attempt("read the droplet", [&]() -> std::optional<std::vector<core::Ipv4>> {
    const auto response = http_.send(request("GET", fmt::format("/v2/droplets/{}", droplet)));
    if (parse_sight(response) != core::Sight::seen) {
      return std::nullopt;
    }
    return decode(response.body, parse_droplet_addresses);
  });
}

core::Sight DigitalOcean::read_sight(std::optional<core::DropletId> droplet) {
  const std::string path = droplet ? fmt::format("/{}", *droplet) : "?per_page=1";
  return core::attempt("prove that the token sees droplets", [&] {
    return parse_sight(http_.send(request("GET", "/v2/droplets" + path)));
  });
}

}  // namespace cloud
