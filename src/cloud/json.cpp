// SPDX-License-Identifier: Apache-2.0
#include "cloud/json.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <limits>

namespace cloud {
namespace {

using nlohmann::json;

// Replies of the APIs are at most 16 levels deep.
constexpr int deepest = 64;

char first_letter(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? '\0' : text[start];
}

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t place = 0; place < text.size() && depth <= deepest; ++place) {
    const char letter = text[place];
    if (in_string) {
      place += letter == '\\' ? 1 : 0;
      in_string = letter != '"';
    } else if (letter == '"') {
      in_string = true;
    } else if (letter == '[' || letter == '{') {
      ++depth;
    } else if (letter == ']' || letter == '}') {
      --depth;
    }
  }
  return depth > deepest;
}

}  // namespace

bool is_html(const io::Response& response) {
  const char first = first_letter(response.body);
  const bool json_text = first == '{' || first == '[';
  return first == '<' || (!json_text && response.header("content-type").starts_with("text/html"));
}

core::Error html_error(const io::Response& response, std::string_view api) {
  return core::Error(core::Exit::unavailable, "a proxy or a CDN answered {} in place of {}: {}",
                     response.status, api,
                     is_html(response) ? "HTML, not JSON" : "in another shape")
      .with_hint("check the URL, https_proxy, no_proxy and the firewall, or run again later");
}

std::string_view require_parseable(std::string_view body) {
  if (first_letter(body) == '<') {
    throw core::Error(core::Exit::unavailable,
                      "unexpected reply: HTML, not JSON: a proxy or a CDN answered")
        .with_hint("check the URL, the proxy settings and the firewall, or run again later");
  }
  if (is_too_deep(body)) {
    throw unexpected_reply(fmt::format("it is nested deeper than {} levels", deepest));
  }
  return body;
}

core::Error unexpected_reply(std::string_view problem) {
  return core::Error(core::Exit::software, "unexpected reply: {}", problem);
}

core::Error unexpected_reply(const json::exception& problem) {
  const std::string_view text = problem.what();  // "[json.exception.out_of_range.403] key …"
  const auto end = text.find("] ");
  return unexpected_reply(
      core::escape(end == std::string_view::npos ? text : text.substr(end + 2)));
}

json parse_or_discard(std::string_view body) {
  return is_too_deep(body) ? json(json::value_t::discarded)
                           : json::parse(body, nullptr, /*allow_exceptions=*/false);
}

core::Ipv4 parse_ipv4(const json& field) {
  const auto text = field.get<std::string>();
  const auto address = core::Ipv4::parse(text);
  if (!address) {
    throw unexpected_reply(fmt::format("{} is not an IPv4 address", core::quote(text)));
  }
  return *address;
}

std::int64_t parse_integer(const json& field) {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  const bool too_large = field.is_number_unsigned() && field.get<std::uint64_t>() > largest;
  if (field.is_number_float() || too_large) {
    throw unexpected_reply(fmt::format("{} is not a whole number", field.dump()));
  }
  return field.get<std::int64_t>();
}

const json* find_member(const json& object, const char* key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const json& object, const char* key) {
  const json* value = find_member(object, key);
  return value != nullptr && value->is_string() ? core::escape(value->get<std::string>())
                                                : std::string{};
}

}  // namespace cloud
