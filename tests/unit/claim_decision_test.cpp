// SPDX-License-Identifier: Apache-2.0
#include "core/plan/claim.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::AddressReading;
using core::ClaimState;
using core::Exit;
using core::PostReply;
using What = core::ReadAgain::What;
using Kind = PostReply::Kind;
using Milliseconds = std::chrono::milliseconds;

// The decisions of a claim, one reading at a time, without fakes or time.

namespace {

const core::FloatingIp free_entry = support::free_address(support::first_choice);
const core::FloatingIp ours = support::held_by(support::first_choice, support::our_droplet);
const core::FloatingIp others = support::held_by(support::first_choice, support::other_droplet);

core::FloatingIp locked(core::FloatingIp entry) {
  entry.locked = true;
  return entry;
}

// A claim without a Lease for an address that was listed as free.
ClaimState begun() {
  return {.wanted = {support::first_choice, support::our_droplet}};
}

// A claim whose first POST got that reply.
ClaimState posted(const PostReply& reply) {
  ClaimState state = begun();
  core::next(state, AddressReading{free_entry}, Milliseconds{0});
  core::next(state, reply, Milliseconds{0});
  return state;
}

ClaimState refused(const std::string& message) {
  return posted({.kind = Kind::refused, .message = message});
}

core::ClaimMove next(ClaimState& state, const core::ClaimReading& reading, int now = 0) {
  return core::next(state, reading, Milliseconds{now});
}

// The move as one word, for tables.
std::string word(const core::ClaimMove& move) {
  constexpr std::array<const char*, 5> words = {"read", "post", "won", "lost", "failed"};
  return words.at(move.index());
}

core::ReadAgain again(const core::ClaimMove& move) {
  REQUIRE(word(move) == "read");
  return std::get<core::ReadAgain>(move);
}

core::Error failure(const core::ClaimMove& move) {
  REQUIRE(word(move) == "failed");
  return std::get<core::Failed>(move).error;
}

}  // namespace

TEST_CASE("plan claim: first reading, a POST follows only if the address is free") {
  const auto first = [](const std::optional<core::FloatingIp>& entry) {
    ClaimState state = begun();
    return next(state, AddressReading{entry});
  };
  CHECK(word(first(free_entry)) == "post");
  CHECK(word(first(ours)) == "won");
  CHECK(word(first(others)) == "lost");
  CHECK(word(first(locked(others))) == "lost");
  CHECK(word(first(std::nullopt)) == "lost");
  CHECK(again(first(locked(free_entry))).in == Milliseconds{1'000});
  CHECK(again(first(locked(ours))).what == What::address);
  auto hidden = free_entry;
  hidden.holder_shown = false;
  CHECK(word(first(hidden)) == "lost");
  auto odd = free_entry;
  odd.readable = false;
  CHECK(word(first(odd)) == "lost");
}

TEST_CASE("plan claim: unread address, must be free and in this region at its first reading") {
  const auto first = [](core::FloatingIp entry, const std::string& region) {
    ClaimState state = begun();
    state.wanted.region = region;
    return next(state, AddressReading{std::move(entry)});
  };
  CHECK(word(first(free_entry, "nyc3")) == "post");
  CHECK(word(first(free_entry, "ams3")) == "lost");
  CHECK(word(first(locked(free_entry), "nyc3")) == "lost");
}

// digitalocean-facts.md 1.5, traps 2, 4 and 5: the address is read again, whatever the text says.
TEST_CASE("plan claim: refused POST, the next reading of the address decides") {
  struct Row {
    std::string message;
    std::optional<core::FloatingIp> read_back;
    std::string move;
    What what = What::address;
  };
  const std::string busy_droplet = "Droplet already has a pending event.";
  const std::string busy_address = "The floating IP already has a PENDING event.";
  const std::string has_one = "The droplet already has a reserved IP.";
  const std::vector<Row> table = {
      {busy_droplet, free_entry, "read"},
      {busy_address, free_entry, "read"},
      {has_one, free_entry, "read", What::held},
      {"Region mismatch.", free_entry, "read", What::held},
      {"", free_entry, "read", What::held},
      {busy_address, locked(free_entry), "read", What::hint},
      {busy_droplet, others, "lost"},
      {has_one, others, "lost"},
      {busy_droplet, std::nullopt, "lost"},
      {has_one, locked(ours), "read", What::hint},
  };
  for (const Row& row : table) {
    CAPTURE(row.message);
    ClaimState state = refused(row.message);
    const auto move = next(state, AddressReading{row.read_back});
    CHECK(word(move) == row.move);
    if (row.move == "read") {
      CHECK(again(move).what == row.what);
    }
  }
}

TEST_CASE("plan claim: refusal for our own address, is won after it settled") {
  ClaimState state = refused("The droplet already has a reserved IP.");
  CHECK(again(next(state, AddressReading{ours})).in == Milliseconds{1'000});
  CHECK(word(next(state, AddressReading{ours})) == "won");
}

TEST_CASE("plan claim: pending event, is repeated without a limit at growing intervals") {
  ClaimState state = refused("Droplet already has a pending event.");
  Milliseconds before{0};
  for (int round = 0; round < 50; ++round) {
    const auto move = again(next(state, AddressReading{free_entry}));
    CHECK(move.spread);
    CHECK(move.in >= before);
    CHECK(move.in <= Milliseconds{5'000});
    before = move.in;
    REQUIRE(word(next(state, AddressReading{free_entry})) == "post");
    next(state, PostReply{.kind = Kind::refused, .message = "pending event"});
  }
}

TEST_CASE("plan claim: refusal for another reason, the droplet's address decides") {
  ClaimState state = refused("The droplet already has a reserved IP.");
  CHECK(again(next(state, AddressReading{free_entry})).what == What::held);
  SUBCASE("it holds another address, which is won") {
    const auto held = support::held_by(support::second_choice, support::our_droplet);
    const auto move = next(state, core::HeldReading{held});
    REQUIRE(word(move) == "won");
    CHECK(std::get<core::Won>(move).entry.address == support::second_choice);
  }
  SUBCASE("it holds none, which is a config error") {
    CHECK(failure(next(state, core::HeldReading{})).exit() == Exit::config);
  }
}

TEST_CASE("plan claim: accepted POST, is repeated only after its action errored") {
  ClaimState state = posted({.kind = Kind::accepted, .action = 7});
  CHECK(again(next(state, AddressReading{free_entry}, 1'000)).what == What::action);
  SUBCASE("the action did not error") {
    CHECK(again(next(state, core::ActionReading{false}, 1'000)).what == What::hint);
  }
  SUBCASE("the action errored: read again, then POST") {
    CHECK(again(next(state, core::ActionReading{true}, 1'000)).what == What::address);
    CHECK(word(next(state, AddressReading{free_entry}, 2'000)) == "post");
  }
  SUBCASE("the action errored, but another droplet holds the address") {
    next(state, core::ActionReading{true}, 1'000);
    CHECK(word(next(state, AddressReading{others}, 2'000)) == "lost");
  }
}

TEST_CASE("plan claim: POST without a reply, is repeated at most four times") {
  ClaimState state = posted({.kind = Kind::unknown, .message = "no reply"});
  for (int posts = 1; posts < 4; ++posts) {
    CHECK(again(next(state, AddressReading{free_entry})).spread);
    REQUIRE(word(next(state, AddressReading{free_entry})) == "post");
    next(state, PostReply{.kind = Kind::unknown, .message = "no reply"});
  }
  const auto error = failure(next(state, AddressReading{free_entry}));
  CHECK(error.exit() == Exit::unavailable);
  CHECK(std::string(error.what()) == "cannot assign 198.51.100.8: it failed 4 times: no reply");
}

TEST_CASE("plan claim: rate-limited POST, does not count") {
  ClaimState state = begun();
  for (int round = 0; round < 20; ++round) {
    REQUIRE(word(next(state, AddressReading{free_entry})) == "post");
    const auto move =
        again(next(state, PostReply{.kind = Kind::limited, .pause = Milliseconds{700}}));
    CHECK(move.what == What::address);
    CHECK(move.in == Milliseconds{700});
  }
}

TEST_CASE("plan claim: acceptance without effect ends after 30 s, a locked address never") {
  ClaimState state = posted({.kind = Kind::accepted});
  CHECK(word(next(state, AddressReading{free_entry}, 30'000)) == "read");
  CHECK(word(next(state, AddressReading{locked(free_entry)}, 90'000)) == "read");
  CHECK(failure(next(state, AddressReading{free_entry}, 90'000)).exit() == Exit::try_again);
}

TEST_CASE("plan claim: one proof is enough with a Lease, two are needed without") {
  ClaimState state = posted({.kind = Kind::accepted});
  SUBCASE("with a Lease") {
    state.wanted.under_lease = true;
    CHECK(word(next(state, AddressReading{ours})) == "won");
  }
  SUBCASE("without a Lease") {
    CHECK(again(next(state, AddressReading{ours})).in == Milliseconds{1'000});
    CHECK(word(next(state, AddressReading{others}, 1'000)) == "lost");
  }
}

TEST_CASE("plan claim: before any reading, the first move is known") {
  const core::AssignFloatingIp wanted{support::first_choice, support::our_droplet};
  CHECK(core::describe(core::first_move(wanted, std::nullopt)) == "read the address");
  CHECK(core::describe(core::first_move(wanted, free_entry)) == "assign it");
  CHECK(core::describe(core::first_move(wanted, locked(ours))) == "read the address in 1000 ms");
  CHECK(core::describe(core::first_move(wanted, others)) == "lost: droplet 758604991 holds it");
}
