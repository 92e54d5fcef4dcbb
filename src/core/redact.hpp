// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace core {

// `text` with "***" in place of whatever looks like a secret: DigitalOcean's tokens (dop_v1_…),
// JSON web tokens such as Kubernetes gives, what follows "Bearer", user and password in a URL.
// All that is printed, logged or told to others goes through here.
std::string redacted(std::string_view text);

// Whether a token of DigitalOcean's or a JSON web token is in there.
bool holds_token(std::string_view text);

}  // namespace core
