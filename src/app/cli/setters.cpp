// SPDX-License-Identifier: Apache-2.0
#include "app/cli/setters.hpp"

#include "app/cli/values.hpp"
#include "core/duration.hpp"
#include "core/plan/pool.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace app {
namespace {

// RFC 1123. In every pod the namespace is set, so this is not worth a regular expression's start.
bool is_dns_label(const std::string& text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) &&
         alphanumeric(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return c == '-' || alphanumeric(c); });
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

}  // namespace

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
  const std::string path = readable_file(given);
  content.values = {core::attempt(given.origin, [&] { return io::read_file(path); })};
  content.origin = fmt::format("{}, file {}", given.origin, path);
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
  draft.invocation.metadata_url = plain_url(given);
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

void set_namespace(Draft& draft, const Given& given) {
  const std::string& name = single(given);
  if (!is_dns_label(name)) {
    throw wrong(given, fmt::format("\"{}\" is not the name of a namespace", name));
  }
  draft.name_space = name;
}

void set_lock(Draft& draft, const Given& given) {
  constexpr std::array names = {std::string_view{"auto"}, std::string_view{"lease"},
                                std::string_view{"none"}};
  draft.invocation.config.lock = static_cast<core::Lock>(choice(given, names));
}

void set_verify_url(Draft& draft, const Given& given) {
  auto& urls = draft.invocation.config.verify_urls;
  urls.clear();
  for (const std::string& word : separated(given)) {
    Given one = given;
    one.values = {word};
    urls.push_back(plain_url(one));
  }
}

void set_gate_taint(Draft& draft, const Given& given) {
  draft.invocation.config.gate_taint = taint(given);
}

void set_keep_ip(Draft& draft, const Given& given) {
  draft.invocation.config.keep_ip = yes(given);
}

void set_local(Draft& draft, const Given& given) {
  draft.invocation.reach = yes(given) ? Reach::local : Reach::everything;
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

void set_metrics_file(Draft& draft, const Given& given) {
  draft.invocation.metrics_file = single(given);
}

}  // namespace app
