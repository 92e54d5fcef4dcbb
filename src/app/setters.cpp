// SPDX-License-Identifier: Apache-2.0
#include "app/setters.hpp"

#include "core/duration.hpp"
#include "core/pool.hpp"
#include "io/file.hpp"
#include "io/url.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace app {
namespace {

const std::string& single(const Given& given) {
  if (given.values.size() != 1 || given.values[0].empty()) {
    throw wrong(given, "exactly one value is expected, not empty");
  }
  return given.values[0];
}

// The values as if each had been given alone: one text may hold several.
std::vector<std::string> separated(const Given& given) {
  std::vector<std::string> words;
  for (const std::string& value : given.values) {
    std::string word;
    for (const char letter : value + " ") {
      const bool separator = letter == ',' || std::isspace(static_cast<unsigned char>(letter)) != 0;
      if (!separator) {
        word += letter;
      } else if (!word.empty()) {
        words.push_back(std::exchange(word, {}));
      }
    }
  }
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

// Which of `names` was given, by its place.
template <std::size_t Count>
std::size_t choice(const Given& given, const std::array<std::string_view, Count>& names) {
  const std::string& text = single(given);
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) {
    throw wrong(given, fmt::format("\"{}\" is none of {}", text, fmt::join(names, ", ")));
  }
  return static_cast<std::size_t>(found - names.begin());
}

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

// One that a token is sent to.
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

template <typename Value>
void choose(Either<Value>& either, Value value, const Given& given) {
  if (either.value && either.given.source == given.source) {
    throw wrong(given, fmt::format("it contradicts {}: give one of the two", either.given.origin));
  }
  if (!either.value || given.source < either.given.source) {
    either = {std::move(value), given};
  }
}

// Name part of a label key: at most 63 of [A-Za-z0-9-_.], alphanumeric at both ends; before it,
// optionally, a DNS subdomain and a slash (Kubernetes, "Labels and Selectors", syntax).
std::string label_key(const Given& given) {
  const std::string& key = single(given);
  const auto slash = key.find('/');
  const std::string name = slash == std::string::npos ? key : key.substr(slash + 1);
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.size() > 63 || !alphanumeric(name.front()) ||
      !alphanumeric(name.back()) || !std::ranges::all_of(name, allowed) || slash == 0 ||
      (slash != std::string::npos && !std::ranges::all_of(key.substr(0, slash), allowed))) {
    throw wrong(given, fmt::format("\"{}\" is not a Kubernetes label key", key));
  }
  return key;
}

}  // namespace

core::Error wrong(const Given& given, std::string_view problem) {
  const bool file = given.source == Source::file;
  return core::Error(file ? core::Exit::config : core::Exit::usage, "{}: {}", given.origin,
                     problem);
}

void set_match_string(Draft& draft, const Given& given) {
  choose(draft.match, {core::Match::Kind::substring, single(given)}, given);
}

void set_match_regex(Draft& draft, const Given& given) {
  core::Match match{core::Match::Kind::regex, single(given)};
  if (const auto problem = core::failure_of([&] { core::require_valid(match); })) {
    throw wrong(given, problem->what());
  }
  choose(draft.match, std::move(match), given);
}

void set_pool(Draft& draft, const Given& given) {
  std::vector<core::Ipv4> pool;
  const std::string text = fmt::format("{}", fmt::join(given.values, ","));
  if (const auto problem = core::failure_of([&] { pool = core::parse_pool(text); })) {
    throw wrong(given, problem->what());
  }
  if (pool.empty()) {
    throw wrong(given, "the pool is empty; IPv4 addresses are expected, separated by commas");
  }
  choose(draft.pool, std::move(pool), given);
}

void set_pool_file(Draft& draft, const Given& given) {
  Given content = given;
  content.values = {io::read_file(readable_file(given))};
  content.origin = fmt::format("{}, file {}", given.origin, single(given));
  content.source = Source::file;  // what is wrong in there is no fault of the command line
  std::vector<core::Ipv4> pool;
  if (const auto problem = core::failure_of([&] { pool = core::parse_pool(content.values[0]); })) {
    throw wrong(content, problem->what());
  }
  if (pool.empty()) {
    throw wrong(content, "the pool is empty; IPv4 addresses are expected, one a line");
  }
  choose(draft.pool, std::move(pool), given);
}

void set_foreign(Draft& draft, const Given& given) {
  draft.invocation.config.foreign = yes(given) ? core::Foreign::allow : core::Foreign::refuse;
}

void set_node_name(Draft& draft, const Given& given) {
  const std::string& name = single(given);
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  };
  if (name.size() > 253 || !std::ranges::all_of(name, allowed)) {
    throw wrong(given, fmt::format("\"{}\" is not the name of a Node", name));
  }
  draft.invocation.config.node_name = name;
}

void set_token_file(Draft& draft, const Given& given) {
  draft.token_file = single(given);
}

void set_api_url(Draft& draft, const Given& given) {
  draft.invocation.digitalocean.url = secure_url(given);
}

void set_ca_file(Draft& draft, const Given& given) {
  draft.invocation.digitalocean.ca_file = readable_file(given);
}

void set_metadata_url(Draft& draft, const Given& given) {
  draft.invocation.metadata_url = url(given).text;
}

void set_kubernetes(Draft& draft, const Given& given) {
  constexpr std::array names = {std::string_view{"auto"}, std::string_view{"on"},
                                std::string_view{"off"}};
  draft.kubernetes = static_cast<Draft::Kubernetes>(choice(given, names));
}

void set_kube_api_url(Draft& draft, const Given& given) {
  draft.kubernetes_access.url = secure_url(given);
}

void set_kube_token_file(Draft& draft, const Given& given) {
  draft.kube_token_file = readable_file(given);
}

void set_kube_ca_file(Draft& draft, const Given& given) {
  draft.kubernetes_access.ca_file = readable_file(given);
}

void set_route(Draft& draft, const Given& given) {
  constexpr std::array names = {std::string_view{"default"}, std::string_view{"none"}};
  draft.invocation.config.route = static_cast<core::RouteMode>(choice(given, names));
}

void set_direct(Draft& draft, const Given& given) {
  auto& direct = draft.invocation.config.direct;
  direct.clear();
  for (const std::string& word : separated(given)) {
    const auto prefix = core::Prefix::parse(word);
    if (!prefix || prefix->length == 0) {
      throw wrong(given, fmt::format("\"{}\" is not an IPv4 network like 192.0.2.0/24", word));
    }
    if (std::ranges::find(direct, *prefix) == direct.end()) {
      direct.push_back(*prefix);
    }
  }
}

void set_enabled_label(Draft& draft, const Given& given) {
  draft.invocation.config.enabled_label = label_key(given);
}

void set_address_label(Draft& draft, const Given& given) {
  draft.invocation.config.address_label = label_key(given);
}

void set_dry_run(Draft& draft, const Given& given) {
  draft.invocation.writes = yes(given) ? Writes::none : Writes::apply;
}

void set_timeout(Draft& draft, const Given& given) {
  const auto duration = core::parse_duration(single(given));
  if (!duration) {
    throw wrong(given, fmt::format("\"{}\" is not a duration of at most a day with its unit, like "
                                   "90s or 2m",
                                   single(given)));
  }
  draft.invocation.timeout = *duration;
}

void set_output(Draft& draft, const Given& given) {
  constexpr std::array names = {std::string_view{"text"}, std::string_view{"json"}};
  draft.invocation.output = static_cast<Output>(choice(given, names));
}

void set_log_format(Draft& draft, const Given& given) {
  constexpr std::array names = {std::string_view{"text"}, std::string_view{"json"}};
  draft.invocation.log_format = static_cast<io::LogFormat>(choice(given, names));
}

void set_verbose(Draft& draft, const Given& given) {
  if (yes(given)) {
    draft.invocation.log_level = io::Level::debug;
  }
}

void set_quiet(Draft& draft, const Given& given) {
  if (yes(given)) {
    draft.invocation.log_level = io::Level::hint;
  }
}

void set_detailed_exitcode(Draft& draft, const Given& given) {
  draft.invocation.detailed_exitcode = yes(given);
}

void set_ok_codes(Draft& draft, const Given& given) {
  for (const std::string& word : separated(given)) {
    int code = -1;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), code);
    const auto known = std::ranges::find_if(core::exit_table(), [code](const auto& facts) {
      return static_cast<int>(facts.exit) == code;
    });
    if (problem != std::errc{} || stop != word.data() + word.size() ||
        known == core::exit_table().end()) {
      throw wrong(given, fmt::format("\"{}\" is not an exit code of this program", word));
    }
    draft.invocation.ok_codes.insert(known->exit);
  }
}

void set_termination_log(Draft& draft, const Given& given) {
  draft.termination_log = single(given);
}

}  // namespace app
