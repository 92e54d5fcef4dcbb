// SPDX-License-Identifier: Apache-2.0
#include "core/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace core {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> prefixes = {"dop_v1_", "doo_v1_", "dor_v1_"};
constexpr string_view web_token = "eyJ";  // {" in base64
constexpr std::size_t shortest_web_token = 20;
constexpr string_view bearer = "Bearer ";
constexpr string_view scheme_end = "://";

// What a text begins with: so many letters that may be read, then so many that may not.
struct Secret {
  std::size_t open = 0;
  std::size_t hidden = 0;
};

bool is_token_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         string_view("-_.~+/=").find(c) != string_view::npos;
}

std::size_t token_length(string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_token_letter) - text.begin());
}

Secret token_at(string_view text) {
  for (const string_view prefix : prefixes) {
    if (text.starts_with(prefix)) {
      return {prefix.size(), token_length(text.substr(prefix.size()))};
    }
  }
  const std::size_t length = text.starts_with(web_token) ? token_length(text) : 0;
  const bool dotted = text.substr(0, length).find('.') != string_view::npos;
  return {0, length >= shortest_web_token && dotted ? length : 0};
}

Secret secret_at(string_view text) {
  if (text.starts_with(bearer)) {
    return {bearer.size(), token_length(text.substr(bearer.size()))};
  }
  if (text.starts_with(scheme_end)) {
    const string_view rest = text.substr(scheme_end.size());
    const auto at = rest.substr(0, rest.find_first_of(" \"\n")).rfind('@');  // "/" in a password
    return {scheme_end.size(), at == string_view::npos ? 0 : at};
  }
  return token_at(text);
}

}  // namespace

std::string redacted(string_view text) {
  std::string result;
  while (!text.empty()) {
    const Secret secret = secret_at(text);
    const std::size_t open = secret.hidden == 0 ? 1 : secret.open;
    result += text.substr(0, open);
    result += secret.hidden == 0 ? "" : "***";
    text.remove_prefix(open + secret.hidden);
  }
  return result;
}

bool holds_token(string_view text) {
  while (!text.empty() && token_at(text).hidden == 0) {
    text.remove_prefix(1);
  }
  return !text.empty();
}

}  // namespace core
