// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pool.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace core {
namespace {

constexpr std::string_view separators = ", \t\r\n\v\f";

// The finalizer of splitmix64 (Steele, Lea and Flood, 2014): every input bit moves every output
// bit.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

std::uint64_t weight(Ipv4 address, DropletId droplet) {
  return mix(mix(static_cast<std::uint64_t>(droplet)) ^ address.to_number());
}

std::string without_comments(std::string_view text) {
  std::string kept;
  bool comment = false;
  for (const char letter : text) {
    comment = (comment || letter == '#') && letter != '\n';
    kept += comment ? ' ' : letter;
  }
  return kept;
}

}  // namespace

std::vector<Ipv4> parse_pool(std::string_view text) {
  const std::string kept = without_comments(text);
  const std::string_view rest = kept;
  std::vector<Ipv4> pool;
  std::unordered_set<std::uint32_t> known;
  for (auto start = rest.find_first_not_of(separators); start != std::string_view::npos;) {
    const auto end = std::min(rest.find_first_of(separators, start), rest.size());
    const auto word = rest.substr(start, end - start);
    const auto address = Ipv4::parse(word);
    if (!address) {
      throw Error(Exit::usage, "\"{}\" is not an IPv4 address", word);
    }
    if (known.insert(address->to_number()).second) {
      pool.push_back(*address);
    }
    start = rest.find_first_not_of(separators, end);
  }
  return pool;
}

bool Preference::operator()(Ipv4 left, Ipv4 right) const {
  return std::tuple(weight(right, droplet), right) < std::tuple(weight(left, droplet), left);
}

std::chrono::milliseconds crowd_of(std::size_t pool_size) {
  using Minutes = std::chrono::duration<double, std::ratio<60>>;
  constexpr double calls_of_a_claim = 5;
  constexpr double calls_of_a_minute = 250;
  constexpr Minutes longest{15};
  const Minutes to_serve_all(static_cast<double>(pool_size) * calls_of_a_claim / calls_of_a_minute);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::min(to_serve_all / 4, longest));
}

PageWalk begin_walk(DropletId droplet, std::size_t pool_size, std::size_t page_size) {
  const std::size_t pages = std::max<std::size_t>((pool_size + page_size - 1) / page_size, 1);
  const int first = static_cast<int>(weight(Ipv4{}, droplet) % pages) + 1;
  return {.first = first, .next = first};
}

PageWalk after_page(PageWalk walk, bool was_last) {
  const bool from_the_start = walk.next < walk.first;
  walk.next = was_last ? 1 : walk.next + 1;
  walk.done = was_last ? from_the_start || walk.first == 1 : walk.next == walk.first;
  return walk;
}

}  // namespace core
