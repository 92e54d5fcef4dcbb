// SPDX-License-Identifier: Apache-2.0
// The pool as --floating-ips or a mounted ConfigMap may give it, and single words.
#include "core/plan/pool.hpp"

#include "core/duration.hpp"
#include "fuzz.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

namespace {

std::string render(const std::vector<core::Ipv4>& pool, std::string_view separator) {
  std::vector<std::string> words;
  for (const core::Ipv4 address : pool) {
    words.push_back(address.to_string());
  }
  return fmt::format("{}", fmt::join(words, separator));
}

void require_pool(const std::vector<core::Ipv4>& pool) {
  const std::set<core::Ipv4> different(pool.begin(), pool.end());
  fuzz::require(different.size() == pool.size(), "no address is twice in the pool");
  for (const std::string_view separator : {",", "\n", " # a comment\n"}) {
    fuzz::require(core::parse_pool(render(pool, separator)) == pool, "a pool is read as written");
  }
  const core::Preference prefers{758604990};
  std::vector<core::Ipv4> ranked = pool;
  std::ranges::sort(ranked, prefers);
  fuzz::require(std::ranges::adjacent_find(ranked, std::not_fn(prefers)) == ranked.end(),
                "of two addresses one is tried first");
}

void require_words(const std::string& text) {
  if (const auto prefix = core::Prefix::parse(text)) {
    fuzz::require(prefix->length >= 0 && prefix->length <= 32, "a prefix has 32 bits");
    fuzz::require(core::Prefix::parse(prefix->to_string()) == prefix,
                  "a prefix is read as written");
    fuzz::require(prefix->contains(prefix->address), "a prefix contains its address");
  }
  if (const auto duration = core::parse_duration(text)) {
    fuzz::require(duration->count() > 0 && *duration <= std::chrono::hours{24},
                  "a duration is some time, and a day at most");
    fuzz::require(core::parse_duration(fmt::format("{}ms", duration->count())) == duration,
                  "a duration is read as written");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::failing_as({core::Exit::usage}, [&] { require_pool(core::parse_pool(text)); });
  require_words(text);
  return 0;
}
