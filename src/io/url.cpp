// SPDX-License-Identifier: Apache-2.0
#include "io/url.hpp"

#include "core/ip.hpp"

#include <curl/curl.h>

#include <memory>

namespace io {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// A part of the URL; empty if it is missing.
std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) {
    return {};
  }
  std::string result = text;
  curl_free(text);
  return result;
}

bool is_loopback(const std::string& host) {
  const auto address = core::Ipv4::parse(host);
  return host == "localhost" || host == "[::1]" || (address && address->octets[0] == 127);
}

}  // namespace

std::optional<Url> parse_url(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto has = [&url](CURLUPart which) { return !part(url.get(), which).empty(); };
  Url result{.text = text, .scheme = part(url.get(), CURLUPART_SCHEME)};
  const std::string host = part(url.get(), CURLUPART_HOST);
  if (host.empty() || (result.scheme != "http" && result.scheme != "https") ||
      text.find(' ') != std::string::npos ||  // older libcurl versions accept it
      // of "https:/x" and "https:///x" libcurl makes the host x
      text.find("://") != result.scheme.size() || text[result.scheme.size() + 3] == '/') {
    return std::nullopt;
  }
  result.is_loopback = is_loopback(host);
  result.has_credentials = has(CURLUPART_USER) || has(CURLUPART_PASSWORD);
  result.has_query = text.find_first_of("?#") != std::string::npos;
  return result;
}

}  // namespace io
