// SPDX-License-Identifier: Apache-2.0
#include "cloud/verify.hpp"

#include "cloud/json.hpp"
#include "core/redact.hpp"

#include <optional>
#include <sstream>

namespace cloud {
namespace {

std::string trimmed(const std::string& text) {
  constexpr std::string_view space = " \t\r\n";
  const auto start = text.find_first_not_of(space);
  return start == std::string::npos ? ""
                                    : text.substr(start, text.find_last_not_of(space) + 1 - start);
}

// The value of the first line "ip=…", as https://www.cloudflare.com/cdn-cgi/trace has one.
std::string ip_line(const std::string& text) {
  constexpr std::string_view key = "ip=";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const std::string entry = trimmed(line); entry.starts_with(key)) {
      return trimmed(entry.substr(key.size()));
    }
  }
  return {};
}

std::optional<core::Ipv4> address_in(const std::string& text) {
  if (const auto address = core::Ipv4::parse(text)) {
    return address;
  }
  const auto body = parse_any(text);
  const auto* field = body.is_string() ? &body : member(body, "ip");
  const bool named = field != nullptr && field->is_string();
  return core::Ipv4::parse(named ? trimmed(field->get<std::string>()) : ip_line(text));
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
  const std::string text = trimmed(response.body);
  const auto address = response.status == 200 ? address_in(text) : std::nullopt;
  if (!address) {
    throw core::Error(core::Exit::unavailable, "{} answered {} and no IPv4 address: {}", url,
                      response.status, core::quoted(text))
        .with_hint(
            "--verify-url is a service that answers with the caller's address: as text, as "
            "JSON with \"ip\", or in a line ip=…");
  }
  return *address;
}

io::Request probe_request(io::Server server, const std::string& url, const std::string& ca_file) {
  return {.server = server, .url = url, .ca_file = ca_file, .tries = io::Tries::one, .fresh = true};
}

}  // namespace cloud
