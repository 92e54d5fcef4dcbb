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

// An absolute http or https URL with a host, as libcurl understands it; nothing else.
std::optional<Url> parse_url(const std::string& text);

}  // namespace io
