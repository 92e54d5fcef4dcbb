// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace io {

struct Url {
  std::string text = {};  // as given
  std::string scheme = {};
  bool is_loopback = false;
  bool has_credentials = false;
  bool has_query = false;  // or a fragment
};

// Parses an absolute http or https URL with a host, by libcurl's rules. Returns nothing for any
// other text.
std::optional<Url> parse_url(const std::string& text);

}  // namespace io
