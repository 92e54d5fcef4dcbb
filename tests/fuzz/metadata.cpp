// SPDX-License-Identifier: Apache-2.0
// Any bodies that a server at 169.254.169.254 may send.
#include "cloud/metadata.hpp"

#include "fuzz.hpp"

#include <cctype>

namespace {

std::optional<core::Droplet> read(const std::string& body) {
  std::optional<core::Droplet> droplet;
  fuzz::failing_as({core::Exit::software, core::Exit::unavailable},
                   [&] { droplet = cloud::decode_metadata({.status = 200, .body = body}); });
  return droplet;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto droplet = read(body);
  if (droplet) {
    fuzz::require(!droplet->floating_ip || body.find("\"active\"") != std::string::npos ||
                      body.find('\\') != std::string::npos,
                  "an address is held only where it is said to be active");
    fuzz::require(!droplet->anchor || droplet->anchor->mac.empty(), "an anchor has no MAC");
    const bool spaced = std::isspace(data[size - 1]) != 0 || data[size - 1] == 0;
    fuzz::require(spaced || !read(body.substr(0, size - 1)), "a torn reply is believed by nobody");
  }
  fuzz::failing_as({core::Exit::unavailable}, [&] {
    cloud::decode_metadata({.status = 404, .body = body});
    fuzz::require(false, "404 tells of no droplet");
  });
  return 0;
}
