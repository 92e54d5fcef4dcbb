// SPDX-License-Identifier: Apache-2.0
#include "cloud/verify.hpp"

#include "cloud/json.hpp"

namespace cloud {
namespace {

std::string trimmed(const std::string& text) {
  constexpr std::string_view space = " \t\r\n";
  const auto start = text.find_first_not_of(space);
  return start == std::string::npos ? ""
                                    : text.substr(start, text.find_last_not_of(space) + 1 - start);
}

}  // namespace

io::Request whatismyip_request(const std::string& url, const std::string& ca_file) {
  return {.server = io::Server::verify,
          .url = url,
          .ca_file = ca_file,
          .tries = io::Tries::one,
          .fresh = true};
}

core::Ipv4 decode_whatismyip(const std::string& url, const io::Response& response) {
  std::string text = trimmed(response.body);
  const auto body = nlohmann::json::parse(text, nullptr, false);
  if (const auto* field = member(body, "ip"); field != nullptr && field->is_string()) {
    text = field->get<std::string>();
  }
  const auto address = core::Ipv4::parse(text);
  if (response.status != 200 || !address) {
    throw core::Error(core::Exit::unavailable, "{} answered {} and no IPv4 address", url,
                      response.status)
        .with_hint("--verify-url is a service that answers with the caller's address alone");
  }
  return *address;
}

io::Request probe_request(io::Server server, const std::string& url, const std::string& ca_file) {
  return {.server = server, .url = url, .ca_file = ca_file, .tries = io::Tries::one, .fresh = true};
}

}  // namespace cloud
