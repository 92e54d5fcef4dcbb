// SPDX-License-Identifier: Apache-2.0
#include "core/plan/pool.hpp"

#include "core/error.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <algorithm>
#include <map>

using core::Ipv4;
using support::ip;
using Pool = std::vector<Ipv4>;

namespace {

Pool numbered(int count) {
  Pool pool;
  for (int number = 0; number < count; ++number) {
    pool.push_back(Ipv4{{198, 51, 100, static_cast<std::uint8_t>(number)}});
  }
  return pool;
}

Pool rank(Pool pool, core::DropletId droplet) {
  std::ranges::sort(pool, core::Preference{droplet});
  return pool;
}

}  // namespace

TEST_CASE("pool: commas and white space, separate addresses and keep their order") {
  const Pool expected{ip("198.51.100.8"), ip("198.51.100.7")};
  for (const std::string text :
       {"198.51.100.8,198.51.100.7", " 198.51.100.8 , 198.51.100.7 ", "198.51.100.8 198.51.100.7",
        "198.51.100.8\n198.51.100.7\n", "198.51.100.8\r\n198.51.100.7\r\n",
        ",,198.51.100.8,\t,198.51.100.7,", "198.51.100.8,198.51.100.7,198.51.100.8"}) {
    CAPTURE(text);
    CHECK(core::parse_pool(text) == expected);
  }
}

TEST_CASE("pool: comment, is skipped to the end of its line") {
  CHECK(core::parse_pool("# ours\n198.51.100.8 # first, 10.0.0.1\n#198.51.100.9\n198.51.100.7") ==
        Pool{ip("198.51.100.8"), ip("198.51.100.7")});
}

TEST_CASE("pool: empty text, is an empty pool") {
  for (const std::string text : {"", " ", ",", "\n\n", "# nothing", ", ,\t"}) {
    CAPTURE(text);
    CHECK(core::parse_pool(text).empty());
  }
}

TEST_CASE("pool: word that is not an address, is quoted in the error") {
  CHECK_THROWS_WITH_AS(core::parse_pool("198.51.100.8,10.0.0.300"),
                       "\"10.0.0.300\" is not an IPv4 address", core::Error);
  CHECK_THROWS_WITH_AS(core::parse_pool("198.51.100.0/24"),
                       "\"198.51.100.0/24\" is not an IPv4 address", core::Error);
  CHECK_THROWS_WITH_AS(core::parse_pool("198.51.100.8;198.51.100.9"),
                       "\"198.51.100.8;198.51.100.9\" is not an IPv4 address", core::Error);
  const auto failure = core::catch_error_except_signals([] { core::parse_pool("x"); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == core::Exit::usage);
}

// Frozen: a new release must not change every droplet's preferred address.
TEST_CASE("pool: order of a droplet, is the same in every release") {
  CHECK(rank(numbered(6), 758604990) == Pool{ip("198.51.100.1"), ip("198.51.100.0"),
                                             ip("198.51.100.2"), ip("198.51.100.5"),
                                             ip("198.51.100.4"), ip("198.51.100.3")});
  CHECK(rank(numbered(6), 1) == Pool{ip("198.51.100.5"), ip("198.51.100.1"), ip("198.51.100.3"),
                                     ip("198.51.100.2"), ip("198.51.100.4"), ip("198.51.100.0")});
}

TEST_CASE("pool: pool written in another order, has the same order of a droplet") {
  Pool pool = numbered(20);
  const Pool ranked = rank(pool, 42);
  std::ranges::reverse(pool);
  CHECK(rank(pool, 42) == ranked);
  std::ranges::sort(pool);
  Pool sorted = ranked;
  std::ranges::sort(sorted);
  CHECK(sorted == pool);
}

TEST_CASE("pool: address removed, the order of the others stays") {
  Pool pool = numbered(20);
  Pool ranked = rank(pool, 42);
  std::erase(pool, ip("198.51.100.3"));
  std::erase(ranked, ip("198.51.100.3"));
  CHECK(rank(pool, 42) == ranked);
}

TEST_CASE("pool: droplets with neighbouring ids, spread over the pool") {
  std::map<Ipv4, int> wanted_by;
  constexpr int droplets = 2000;
  for (core::DropletId droplet = 500'000'000; droplet < 500'000'000 + droplets; ++droplet) {
    ++wanted_by[rank(numbered(10), droplet).front()];
  }
  CHECK(wanted_by.size() == 10);
  for (const auto& [address, count] : wanted_by) {
    CAPTURE(address.to_string());
    CHECK(count > droplets / 10 * 3 / 4);
    CHECK(count < droplets / 10 * 5 / 4);
  }
}

TEST_CASE("pool: walk over the pages, each page is read once") {
  constexpr std::size_t page_size = 200;
  for (const int pages : {1, 2, 7}) {
    for (core::DropletId droplet = 500'000'000; droplet < 500'000'020; ++droplet) {
      core::PageWalk walk =
          core::begin_walk(droplet, static_cast<std::size_t>(pages) * page_size, page_size);
      CHECK(walk.next >= 1);
      CHECK(walk.next <= pages);
      std::vector<int> visited;
      while (!walk.done) {
        REQUIRE(visited.size() < 10);
        visited.push_back(walk.next);
        walk = core::after_page(walk, walk.next == pages);
      }
      std::ranges::sort(visited);
      CHECK(visited.size() == static_cast<std::size_t>(pages));
      CHECK(std::ranges::adjacent_find(visited) == visited.end());
    }
  }
}

TEST_CASE("pool: walk begins after the last page, the earlier pages are read") {
  core::PageWalk walk{.first = 5, .next = 5};
  std::vector<int> visited;
  while (!walk.done) {
    REQUIRE(visited.size() < 10);
    visited.push_back(walk.next);
    walk = core::after_page(walk, walk.next >= 2);  // an account of two pages
  }
  CHECK(visited == std::vector{5, 1, 2});
}

TEST_CASE("pool: droplets with neighbouring ids, begin at different pages") {
  std::map<int, int> begun;
  for (core::DropletId droplet = 500'000'000; droplet < 500'001'000; ++droplet) {
    ++begun[core::begin_walk(droplet, 2'000, 200).next];
  }
  CHECK(begun.size() == 10);
}

TEST_CASE("pool: more nodes than an hour can serve, refused nodes spread over minutes") {
  CHECK(core::crowd_of(10) == std::chrono::seconds{3});
  CHECK(core::crowd_of(1'000) == std::chrono::minutes{5});
  CHECK(core::crowd_of(10'000) == std::chrono::minutes{15});
}
