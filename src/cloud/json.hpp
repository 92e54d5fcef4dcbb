// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "core/ip.hpp"
#include "io/http.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cloud {

// Whether the answer is HTML: a proxy, a CDN or a captive portal answered in place of the API.
bool is_html(const io::Response& response);
// The Error(unavailable) for such an answer in place of `api`.
core::Error html_error(const io::Response& response, std::string_view api);

// Returns `body` if it can be parsed safely. Throws Error(software) if its nesting is so deep that
// the values could take many times its memory, and Error(unavailable) for HTML.
std::string_view require_parseable(std::string_view body);

// An Error(software) about a reply; the second with the JSON library's own explanation.
core::Error unexpected_reply(std::string_view problem);
core::Error unexpected_reply(const nlohmann::json::exception& problem);

// Parses `body` and hands it to `read`. Throws Error(software) with the name of the field if the
// reply has another shape than `read` expects.
template <typename Read>
auto decode(std::string_view body, Read&& read) {
  try {
    return read(nlohmann::json::parse(require_parseable(body)));
  } catch (const nlohmann::json::exception& error) {
    throw unexpected_reply(error);
  }
}

// Whether `read` finds the shape that it expects.
template <typename Read>
bool has_shape(Read&& read) {
  try {
    read();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  } catch (const core::Error&) {
    return false;
  }
}

// Parses a body that may be anything. The value is discarded if it is not JSON.
nlohmann::json parse_or_discard(std::string_view body);

// The address in a field. Throws Error(software) if there is none.
core::Ipv4 parse_ipv4(const nlohmann::json& field);

// A whole number in a field; JSON also calls 1.5 and 1e300 numbers. Throws Error(software) for
// another value, and for one larger than any id.
std::int64_t parse_integer(const nlohmann::json& field);

// A member of an object; nullptr if it is absent or null.
const nlohmann::json* find_member(const nlohmann::json& object, const char* key);
// The same for a member of a member.
template <typename... Keys>
const nlohmann::json* find_member(const nlohmann::json& object, const char* key, Keys... inner) {
  const nlohmann::json* outer = find_member(object, key);
  return outer == nullptr ? nullptr : find_member(*outer, inner...);
}

// A text member, escaped for output and cut to 200 bytes; empty if it is not a text.
std::string text_of(const nlohmann::json& object, const char* key);

}  // namespace cloud
