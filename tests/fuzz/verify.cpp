// SPDX-License-Identifier: Apache-2.0
// Any replies of a --verify-url.
#include "cloud/verify.hpp"

#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = fuzz::parse_response({reinterpret_cast<const char*>(data), size});
  fuzz::failing_as({core::Exit::unavailable}, [&] {
    const auto address = cloud::decode_whatismyip("https://whatismyip.test", reply);
    fuzz::require(reply.status == 200, "only 200 tells an address");
    const auto again = cloud::decode_whatismyip("", {.status = 200, .body = address.to_string()});
    fuzz::require(again == address, "an address is read as written");
    const bool escaped = reply.body.find('\\') != std::string::npos;
    fuzz::require(escaped || reply.body.find(address.to_string()) != std::string::npos,
                  "an address is in the answer");
  });
  return 0;
}
