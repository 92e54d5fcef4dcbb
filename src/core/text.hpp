// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace core {

// `text` without white space at its ends.
std::string_view trim(std::string_view text);

// `text` with "***" in place of secrets: DigitalOcean tokens (dop_v1_…), JSON web tokens as
// Kubernetes issues them, the word after "Bearer", and user and password in a URL. All output, logs
// and requests that quote text pass through it. Takes linear time.
std::string redact(std::string_view text);

// Whether `text` contains a DigitalOcean token or a JSON web token.
bool has_token(std::string_view text);

// Foreign text as a part of one line: escapes quotes, backslashes and bytes that are not printable
// ASCII, and cuts after 200 bytes. The second adds quotes.
std::string escape(std::string_view text);
std::string quote(std::string_view text);

}  // namespace core
