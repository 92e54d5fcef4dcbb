// SPDX-License-Identifier: Apache-2.0
#include "core/plan/candidates.hpp"

#include "core/plan/pool.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <algorithm>

using core::Account;
using core::Exit;
using core::FloatingIp;
using core::Standing;

namespace {

std::variant<core::Ipv4, core::Ending> choose(const Account& account,
                                              const std::set<core::Ipv4>& lost = {}) {
  return core::choose_candidate(account, support::droplet(std::nullopt), support::asked().pool,
                                lost);
}

core::Ipv4 chosen(const Account& account, const std::set<core::Ipv4>& lost = {}) {
  return std::get<core::Ipv4>(choose(account, lost));
}

core::Ending ending(const Account& account, const std::set<core::Ipv4>& lost = {}) {
  return std::get<core::Ending>(choose(account, lost));
}

FloatingIp& entry(Account& account, core::Ipv4 address) {
  return *std::ranges::find(account.pool, address, &FloatingIp::address);
}

Account all_held() {
  Account account = support::all_free();
  for (FloatingIp& held : account.pool) {
    held.holder = support::other_droplet;
  }
  return account;
}

}  // namespace

TEST_CASE("candidates: pool and listing in another order, the droplet's own order decides") {
  CHECK(chosen(support::all_free()) == support::first_choice);
}

TEST_CASE("candidates: address that is not provably free, is not chosen") {
  Account account = support::all_free();
  FloatingIp& first = entry(account, support::first_choice);
  SUBCASE("held") {
    first.holder = support::other_droplet;
  }
  SUBCASE("locked, no holder shown while an assignment is pending") {
    first.locked = true;
  }
  SUBCASE("in another region") {
    first.region = "ams3";
  }
  SUBCASE("without a droplet key, so the holder is unknown") {
    first.holder_shown = false;
  }
  SUBCASE("of an unknown shape") {
    first.readable = false;
  }
  SUBCASE("not in this account") {
    account.pool.erase(account.pool.begin() + (&first - account.pool.data()));
  }
  CHECK(chosen(account) == support::second_choice);
}

TEST_CASE("candidates: address lost during this run, is not tried again") {
  CHECK(chosen(support::all_free(), {support::first_choice, support::second_choice}) ==
        support::third_choice);
}

TEST_CASE("candidates: unread addresses, are tried in the droplet's own order") {
  Account account{.unread = {support::first_choice, support::third_choice}};
  account.pool = {support::free_address(support::second_choice)};
  CHECK(chosen(account) == support::first_choice);
  CHECK(chosen(account, {support::first_choice}) == support::second_choice);
  CHECK(chosen(account, {support::first_choice, support::second_choice}) == support::third_choice);
}

TEST_CASE("candidates: many addresses, the first in the droplet's order is chosen") {
  Account account;
  std::vector<core::Ipv4> pool;
  for (int number = 0; number < 10'000; ++number) {
    pool.push_back({{198, 51, static_cast<std::uint8_t>(number / 250),
                     static_cast<std::uint8_t>(number % 250)}});
  }
  account.unread = pool;
  std::set<core::Ipv4> lost;
  std::vector<core::Ipv4> order = pool;
  std::ranges::sort(order, core::Preference{support::our_droplet});
  for (std::size_t place = 0; place < 40; ++place) {
    const auto choice = core::choose_candidate(account, support::droplet(std::nullopt), pool, lost);
    REQUIRE(std::get<core::Ipv4>(choice) == order[place]);
    lost.insert(order[place]);
  }
}

namespace {
std::vector<core::Ipv4> six_pages() {
  std::vector<core::Ipv4> pool;
  for (int number = 0; number < 1'001; ++number) {
    pool.push_back({{192, 0, static_cast<std::uint8_t>(number / 250),
                     static_cast<std::uint8_t>(number % 250)}});
  }
  return pool;
}
}  // namespace

TEST_CASE("candidates: small pool, three lost after a read, a page must be read") {
  core::Observation found = support::newcomer();
  found.account = Account{.unread = {support::first_choice, support::second_choice}};
  CHECK_FALSE(core::must_read_page(found));
  found.lost_after_read = 3;
  CHECK(core::must_read_page(found));
  found.lost_after_read = 0;
  found.lost_candidates = {support::first_choice};  // a Lease costs no request
  CHECK_FALSE(core::must_read_page(found));
  found.lost_candidates = {support::first_choice, support::second_choice};
  CHECK(core::must_read_page(found));
  found.account = support::all_free();
  CHECK_FALSE(core::must_read_page(found));
}

TEST_CASE("candidates: pool of more than five pages, one lost after a read, a page must be read") {
  core::Observation found = support::newcomer();
  found.account = Account{.unread = six_pages()};
  CHECK_FALSE(core::must_read_page(found));
  found.lost_after_read = 1;
  CHECK(core::must_read_page(found));
}

TEST_CASE("candidates: pages were read, only an address that a page shows free is chosen") {
  core::Observation found = support::newcomer();
  const std::vector pool = {support::first_choice, support::second_choice};
  Account account{.unread = six_pages(), .pages = {.first = 1, .next = 2}};
  found.account = account;
  CHECK(core::must_read_page(found));
  account.pool = {support::free_address(support::second_choice)};
  found.account = account;
  CHECK_FALSE(core::must_read_page(found));
  const auto choice = core::choose_candidate(account, *found.droplet, pool, {});
  CHECK(std::get<core::Ipv4>(choice) == support::second_choice);
  found.lost_candidates = {support::second_choice};
  CHECK(core::must_read_page(found));
}

TEST_CASE("candidates: pool of up to five pages, all of them are read before a choice") {
  core::Observation found = support::newcomer();
  Account account{.unread = {support::first_choice}, .pages = {.first = 1, .next = 2}};
  account.pool = {support::free_address(support::second_choice)};
  found.account = account;
  CHECK(core::must_read_page(found));
}

TEST_CASE("candidates: address outside the pool, is never chosen") {
  Account account = all_held();
  account.pool.push_back(support::free_address(support::not_in_pool));
  CHECK(ending(account).exit == Exit::pool_exhausted);
}

TEST_CASE("candidates: no pool address in this region, ends with config") {
  Account account;
  SUBCASE("none in the account") {
    CHECK(ending(account).message ==
          "cannot choose an address: none of the pool is in region nyc3 of this account (0 of the "
          "pool found "
          "elsewhere)");
  }
  SUBCASE("all in another region") {
    account = support::all_free();
    for (FloatingIp& elsewhere : account.pool) {
      elsewhere.region = "ams3";
    }
    CHECK(ending(account).message ==
          "cannot choose an address: none of the pool is in region nyc3 of this account (3 of the "
          "pool found "
          "elsewhere)");
  }
  CHECK(ending(account).exit == Exit::config);
  CHECK_FALSE(ending(account).hint.empty());
}

TEST_CASE("candidates: every address held, ends with pool-exhausted") {
  CHECK(ending(all_held()).exit == Exit::pool_exhausted);
  CHECK(ending(all_held()).message ==
        "cannot claim an address: all 3 of the pool in this region are held by other droplets");
}

TEST_CASE("candidates: hidden holders, ends with a missing scope") {
  Account account = all_held();
  entry(account, support::third_choice).holder.reset();
  entry(account, support::third_choice).holder_shown = false;
  CHECK(ending(account).exit == Exit::no_permission);
  CHECK(ending(account).hint.find("droplet:read") != std::string::npos);
}

TEST_CASE("candidates: unreadable entry, counts as unknown, neither free nor elsewhere") {
  Account account = all_held();
  FloatingIp& odd = entry(account, support::third_choice);
  odd = {.address = odd.address, .readable = false};
  CHECK(ending(account).exit == Exit::pool_exhausted);
  CHECK(ending(account).message ==
        "cannot claim an address: of 3 of the pool in this region 2 are held by other droplets, 1 "
        "unknown");
  for (FloatingIp& each : account.pool) {
    each = {.address = each.address, .readable = false};
  }
  CHECK(ending(account).exit == Exit::software);
}

TEST_CASE("candidates: every address lost, ends with claim-lost") {
  const std::set<core::Ipv4> lost{support::first_choice, support::second_choice,
                                  support::third_choice};
  CHECK(ending(support::all_free(), lost).exit == Exit::claim_lost);
  CHECK(ending(support::all_free(), lost).message ==
        "cannot claim an address: other droplets took all 3 free ones");
  Account account = all_held();
  entry(account, support::first_choice).holder.reset();
  CHECK(ending(account, {support::first_choice}).exit == Exit::claim_lost);
}

// Found by the nemesis, seed 40001: with a large account, candidates were read one by one, and a
// run that lost all of them ended with "run again" for ever.
TEST_CASE("candidates: address listed as held, does not count as lost") {
  CHECK(ending(all_held(), {support::first_choice}).exit == Exit::pool_exhausted);
}

TEST_CASE("candidates: locked addresses only, ends with try-again") {
  Account account = all_held();
  FloatingIp& pending = entry(account, support::third_choice);
  pending.holder.reset();
  pending.locked = true;
  CHECK(ending(account).exit == Exit::try_again);
  CHECK(ending(account).message ==
        "cannot claim an address: none of the pool is free, 1 locked by a pending action");
}

TEST_CASE("candidates: held and locked address, counts as held") {
  Account account = all_held();
  entry(account, support::third_choice).locked = true;
  CHECK(ending(account).exit == Exit::pool_exhausted);
}

TEST_CASE("candidates: one reading of an address, has the standing that its fields show") {
  const auto standing = [](const FloatingIp& reading) {
    return core::standing_of(reading, support::our_droplet);
  };
  FloatingIp reading = support::free_address(support::first_choice);
  CHECK(standing(reading) == Standing::free);
  reading.locked = true;
  CHECK(standing(reading) == Standing::pending);
  reading.holder = support::our_droplet;
  CHECK(standing(reading) == Standing::pending);
  reading.locked = false;
  CHECK(standing(reading) == Standing::mine);
  reading.holder = support::other_droplet;
  CHECK(standing(reading) == Standing::lost);
  reading.locked = true;
  CHECK(standing(reading) == Standing::lost);
  reading = support::free_address(support::first_choice);
  reading.holder_shown = false;
  CHECK(standing(reading) == Standing::lost);
}
