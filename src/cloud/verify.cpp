// SPDX-License-Identifier: Apache-2.0
#include "cloud/verify.hpp"

#include "cloud/json.hpp"
#include "core/text.hpp"

#include <optional>
#include <sstream>

namespace cloud {
namespace {

// The value of the first line "ip=…", the format of https://www.cloudflare.com/cdn-cgi/trace.
std::string ip_line(const std::string& text) {
  constexpr std::string_view key = "ip=";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const auto entry = core::trim(line); entry.starts_with(key)) {
      return std::string(core::trim(entry.substr(key.size())));
    }
  }
  return {};
}

std::optional<core::Ipv4> address_in(const std::string& text) {
  if (const auto address = core::Ipv4::parse(text)) {
    return address;
  }
  const auto body = parse_or_discard(text);
  const auto* field = body.is_string() ? &body : find_member(body, "ip");
  const bool named = field != nullptr && field->is_string();
  return core::Ipv4::parse(core::trim(named ? field->get<std::string>() : ip_line(text)));
}

}  // namespace

io::Request whatismyip_request(const std::string& url, const std::string& ca_file) {
  return {.server = io::Server::verify,
          .url = url,
          .ca_file = ca_file,
          .tries = io::Tries::one,
          .fresh = true,
          .largest_reply = std::size_t{4} << 10U};
}

core::Ipv4 decode_whatismyip(const std::string& url, const io::Response& response) {
  const std::string text(core::trim(response.body));
  const auto address = response.status == 200 ? address_in(text) : std::nullopt;
  if (!address) {
    throw core::Error(core::Exit::unavailable, "{} answered {} and no IPv4 address: {}", url,
                      response.status, core::quote(text))
        .with_hint(
            "give a --verify-url that answers with the caller's address: as text, as JSON with "
            "\"ip\", or in a line ip=…");
  }
  return *address;
}

io::Request probe_request(io::Server server, const std::string& url, const std::string& ca_file) {
  return {.server = server, .url = url, .ca_file = ca_file, .tries = io::Tries::one, .fresh = true};
}

}  // namespace cloud
