// SPDX-License-Identifier: Apache-2.0
#include "app/cli/values.hpp"

#include "io/file.hpp"
#include "io/url.hpp"

#include <cctype>
#include <iterator>
#include <sstream>

namespace app {
namespace {

io::Url url(const Given& given) {
  const auto parsed = io::parse_url(single(given));
  if (!parsed) {
    throw wrong(given, fmt::format("\"{}\" is not a URL like https://host:port", single(given)));
  }
  if (parsed->has_credentials) {
    throw wrong(given, "a URL with a user or password in it is refused: it would be logged");
  }
  return *parsed;
}

}  // namespace

core::Error wrong(const Given& given, std::string_view problem) {
  const bool file = given.source == Source::file;
  return core::Error(file ? core::Exit::config : core::Exit::usage, "{}: {}", given.origin,
                     problem);
}

const std::string& single(const Given& given) {
  if (given.values.size() != 1 || given.values[0].empty()) {
    throw wrong(given, "exactly one value is expected, not empty");
  }
  return given.values[0];
}

std::vector<std::string> separated(const Given& given) {
  std::string text = fmt::format("{}", fmt::join(given.values, ","));
  std::ranges::replace(text, ',', ' ');
  std::istringstream stream(text);
  std::vector<std::string> words(std::istream_iterator<std::string>(stream), {});
  if (words.empty()) {
    throw wrong(given, "it is empty");
  }
  return words;
}

bool yes(const Given& given) {
  std::string text = single(given);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view word : {"true", "1", "yes", "on"}) {
    if (text == word) {
      return true;
    }
  }
  for (const std::string_view word : {"false", "0", "no", "off"}) {
    if (text == word) {
      return false;
    }
  }
  throw wrong(given, fmt::format("\"{}\" is neither true nor false", text));
}

std::string plain_url(const Given& given) {
  return url(given).text;
}

std::string secure_url(const Given& given) {
  const io::Url parsed = url(given);
  if (parsed.scheme != "https" && !parsed.loopback) {
    throw wrong(given,
                fmt::format("\"{}\" is not https, and the token is sent there", parsed.text));
  }
  return parsed.text;
}

std::string readable_file(const Given& given) {
  if (!io::is_readable(single(given))) {
    throw core::Error(core::Exit::config, "{}: cannot read \"{}\"", given.origin, single(given))
        .with_hint("a readable file is expected; is the Secret or ConfigMap mounted?");
  }
  return single(given);
}

namespace {

bool alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}
bool label_letter(char c) {
  return alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

// At most 63 of [A-Za-z0-9-_.], alphanumeric at both ends.
bool is_label_name(const std::string& text) {
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) &&
         alphanumeric(text.back()) && std::ranges::all_of(text, label_letter);
}

// A name; before it, optionally, a DNS subdomain and a slash.
bool is_label_key(const std::string& key) {
  const auto slash = key.find('/');
  return slash == std::string::npos ? is_label_name(key)
                                    : slash > 0 && is_label_name(key.substr(slash + 1)) &&
                                          std::ranges::all_of(key.substr(0, slash), label_letter);
}

}  // namespace

// Kubernetes, "Labels and Selectors", syntax.
std::string label_key(const Given& given) {
  const std::string& key = single(given);
  if (!is_label_key(key)) {
    throw wrong(given, fmt::format("\"{}\" is not a Kubernetes label key", key));
  }
  return key;
}

core::Taint taint(const Given& given) {
  const std::string& text = single(given);
  const auto colon = text.rfind(':');
  const auto equals = text.find('=');
  const bool valued = equals < colon;
  core::Taint taint;
  if (colon != std::string::npos) {
    taint = {.key = text.substr(0, valued ? equals : colon),
             .value = valued ? text.substr(equals + 1, colon - equals - 1) : "",
             .effect = text.substr(colon + 1)};
  }
  constexpr std::array effects = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
  if (!is_label_key(taint.key) || !(taint.value.empty() || is_label_name(taint.value)) ||
      std::ranges::find(effects, taint.effect) == effects.end()) {
    throw wrong(given, fmt::format("\"{}\" is not a taint like KEY=VALUE:NoSchedule; the effect is "
                                   "one of {}",
                                   text, fmt::join(effects, ", ")));
  }
  return taint;
}

}  // namespace app
