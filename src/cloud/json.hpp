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

// Whether a page was answered (HTML), and not by the API: a proxy, a CDN or a captive portal did.
bool is_page(const io::Response& response);
// The Error(unavailable) that says so, for the API of that name.
core::Error page_instead(const io::Response& response, std::string_view api);

// The same text where it may be parsed. Throws Error(software) where it is nested so deep that
// values could take many times its memory, and Error(unavailable) where it is a page.
std::string_view parseable(std::string_view body);

// An Error(software) about a reply; the latter with what the JSON library says is wrong.
core::Error unexpected(std::string_view problem);
core::Error unexpected(const nlohmann::json::exception& problem);

// Parses `body` and hands it to `read`. A reply of another shape than `read` expects becomes one
// Error(software) naming the field.
template <typename Read>
auto decode(std::string_view body, Read&& read) {
  try {
    return read(nlohmann::json::parse(parseable(body)));
  } catch (const nlohmann::json::exception& error) {
    throw unexpected(error);
  }
}

// Whether what `read` looks at has the shape that it expects.
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

// For a body that may be anything: a discarded value where it is no JSON.
nlohmann::json parse_any(std::string_view body);

// The address in a field. Throws Error(software) when it is none.
core::Ipv4 ipv4(const nlohmann::json& field);

// A whole number in a field: to JSON 1.5 and 1e300 are numbers too. Throws Error(software) when it
// is none, or larger than any id.
std::int64_t integer(const nlohmann::json& field);

// A member that may be absent or null: nullptr then.
const nlohmann::json* member(const nlohmann::json& object, const char* key);

// A member that is a text, to be shown: escaped, at most 200 bytes. Empty where it is none.
std::string words(const nlohmann::json& object, const char* key);

}  // namespace cloud
