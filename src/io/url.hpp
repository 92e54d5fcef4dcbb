// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace io {

struct Url {
  std::string text = {};  // as given, without a slash at its end
  std::string scheme = {};
  bool loopback = false;
  bool has_credentials = false;
};

// An absolute http or https URL with a host, without query or fragment (RFC 3986); nothing else.
std::optional<Url> parse_url(const std::string& text);

}  // namespace io
