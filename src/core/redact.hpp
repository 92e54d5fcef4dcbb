// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace core {

// `text` with "***" in place of whatever looks like a secret: DigitalOcean's tokens (dop_v1_…),
// JSON web tokens such as Kubernetes gives, what follows "Bearer", user and password in a URL.
// Everything that is printed, logged or sent to others goes through here. Takes linear time.
std::string redacted(std::string_view text);

// Whether a token of DigitalOcean's or a JSON web token is in there.
bool holds_token(std::string_view text);

// Words of others as a part of one line of ours: bytes that are not printable ASCII, quotes and
// backslashes are escaped, and what exceeds 200 bytes is cut. The second puts them in quotes.
std::string escaped(std::string_view text);
std::string quoted(std::string_view text);

}  // namespace core
