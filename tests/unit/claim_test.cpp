// SPDX-License-Identifier: Apache-2.0
#include "app/run/claim.hpp"

#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using core::Exit;
using io::Duration;
using support::first_choice;
using Lines = std::vector<std::string>;

// Claims that DigitalOcean accepts. See claim_refused_test.cpp.

namespace {

const std::string get = "GET 198.51.100.8";
const std::string post = "POST 198.51.100.8/actions";
const std::string action = "GET 198.51.100.8/actions/72531856";

struct Fixture : support::Rig {
  app::Claim claim(bool leased = false, const std::string& region = "") {
    forget();
    const app::Hint by_hint = [this] {
      ++hints;
      return hint;
    };
    return app::claim(system, digitalocean, {first_choice, support::our_droplet, leased, region},
                      by_hint);
  }
  Lines calls() const { return support::api_calls(http); }
  auto posts() const { return std::ranges::count(calls(), post); }
  support::FakeCloud::Entry& entry() { return cloud.addresses[first_choice]; }

  cloud::DigitalOcean digitalocean{http, support::api_url, "",
                                   [] { return cloud::Secret{"dop_v1_test"}; }};
  std::optional<bool> hint = {};  // metadata fails
  int hints = 0;
};

std::string lost(const app::Claim& claim) {
  REQUIRE(std::holds_alternative<core::Lost>(claim));
  return std::get<core::Lost>(claim).why;
}

core::Ipv4 held(const app::Claim& claim) {
  REQUIRE(std::holds_alternative<core::Won>(claim));
  const auto& address = std::get<core::Won>(claim).entry;
  CHECK(address.holder == support::our_droplet);
  CHECK_FALSE(address.locked);
  return address.address;
}

}  // namespace

TEST_CASE("claim: free address, reads, posts, proves, settles and proves again") {
  Fixture fixture;
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.calls() == Lines{get, post, get, get});
  CHECK(fixture.clock.slept == std::vector{Duration{1'000}});
}

TEST_CASE("claim: our own address, needs no POST and does not settle") {
  Fixture fixture;
  fixture.entry().holder = support::our_droplet;
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.calls() == Lines{get});
  CHECK(fixture.clock.slept.empty());
}

TEST_CASE("claim: address held by another droplet, sends no POST") {
  Fixture fixture;
  fixture.entry().holder = support::other_droplet;
  CHECK(lost(fixture.claim()) == "droplet 758604991 holds it");
  CHECK(fixture.calls() == Lines{get});
}

TEST_CASE("claim: hidden holder, sends no POST") {
  Fixture fixture;
  fixture.http.script("GET https://api.test/v2/reserved_ips/198.51.100.8",
                      {support::json_reply(R"({"reserved_ip":{"ip":"198.51.100.8",
                                               "region":{"slug":"nyc3"},"locked":false}})")});
  CHECK(lost(fixture.claim()) == "its holder is not shown");
  CHECK(fixture.calls() == Lines{get});
}

TEST_CASE("claim: address not in the account, is lost") {
  Fixture fixture;
  fixture.cloud.addresses.erase(first_choice);
  CHECK(lost(fixture.claim()) == "the account has no such address");
  CHECK(fixture.calls() == Lines{get});
}

TEST_CASE("claim: pending assignment, is read at growing intervals") {
  Fixture fixture;
  fixture.cloud.latency = Duration{11'000};
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 1);
  CHECK(fixture.calls().size() <= 9);
  CHECK(fixture.clock.now >= Duration{12'000});
  CHECK(fixture.clock.now <= Duration{17'000});
}

TEST_CASE("claim: hint from metadata, is read at once") {
  Fixture fixture;
  fixture.cloud.latency = Duration{600};
  fixture.hint = false;
  fixture.clock.on_sleep = [&] { fixture.hint = fixture.clock.now >= Duration{600}; };
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.hints == 4);
  CHECK(fixture.calls() == Lines{get, post, get, get});
  CHECK(fixture.clock.now == Duration{1'600});
}

TEST_CASE("claim: with a hint, ends within 300 ms of the assignment with few reads") {
  for (const int latency : {0, 50, 199, 200, 201, 700, 1'999, 4'990, 5'010, 11'000, 40'000}) {
    CAPTURE(latency);
    Fixture fixture;
    fixture.cloud.latency = Duration{latency};
    fixture.hint = latency == 0;
    fixture.clock.on_sleep = [&] { fixture.hint = fixture.clock.now >= Duration{latency}; };
    CHECK(held(fixture.claim(true)) == first_choice);
    CHECK(fixture.clock.now - Duration{latency} <= Duration{300});
    CHECK(fixture.posts() == 1);
    const auto in_vain = fixture.calls().size() - 3;
    CHECK(in_vain <= (latency < 5'000 ? 0 : latency < 12'500 ? 1 : 5));
  }
}

TEST_CASE("claim: missing hint, delays the proof only") {
  Fixture fixture;
  fixture.cloud.latency = Duration{4'000};
  fixture.hint = false;
  CHECK(held(fixture.claim(true)) == first_choice);
  CHECK(fixture.clock.now == Duration{5'000});
}

TEST_CASE("claim: unread address, must be free and in this region at its first reading") {
  Fixture fixture;
  SUBCASE("free and in this region") {
    CHECK(held(fixture.claim(true, "nyc3")) == first_choice);
    CHECK(fixture.calls() == Lines{get, post, get});
  }
  SUBCASE("in another region") {
    CHECK(lost(fixture.claim(true, "ams3")) == "it is in region nyc3");
    CHECK(fixture.calls() == Lines{get});
  }
  SUBCASE("pending") {
    fixture.entry().pending = support::other_droplet;
    fixture.entry().done_at = std::chrono::hours{1};
    CHECK(lost(fixture.claim(true, "nyc3")) == "an action is pending on it");
    CHECK(fixture.calls() == Lines{get});
  }
}

TEST_CASE("claim: false hint, is not believed and costs no requests") {
  Fixture fixture;
  fixture.cloud.latency = Duration{20'000};
  fixture.hint = true;
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.clock.now >= Duration{20'000});
  CHECK(fixture.calls().size() <= 12);
}

TEST_CASE("claim: another program's pending action, waits before it decides") {
  Fixture fixture;
  fixture.entry().pending = support::other_droplet;
  fixture.entry().done_at = Duration{3'000};
  SUBCASE("another droplet gets it") {
    CHECK(lost(fixture.claim()) == "droplet 758604991 holds it");
    CHECK(fixture.posts() == 0);
  }
  SUBCASE("this droplet gets it") {
    fixture.entry().pending = support::our_droplet;
    CHECK(held(fixture.claim()) == first_choice);
    CHECK(fixture.posts() == 0);
  }
  SUBCASE("it stays free") {
    fixture.clock.on_sleep = [&] {
      if (fixture.clock.now > Duration{1'000} && fixture.posts() == 0) {
        fixture.entry().pending.reset();
      }
    };
    CHECK(held(fixture.claim()) == first_choice);
    CHECK(fixture.posts() == 1);
  }
}

TEST_CASE("claim: a later POST wins while settling, is lost without a repeat") {
  Fixture fixture;
  fixture.clock.on_sleep = [&] { fixture.entry().holder = support::other_droplet; };
  CHECK(lost(fixture.claim()) == "droplet 758604991 holds it");
  CHECK(fixture.calls() == Lines{get, post, get, get});
}

TEST_CASE("claim: pending action while settling, restarts the proof") {
  Fixture fixture;
  fixture.clock.on_sleep = [&] {
    if (fixture.clock.slept.size() == 1) {
      fixture.entry().pending = support::our_droplet;
      fixture.entry().done_at = fixture.clock.now + Duration{500};
    }
  };
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 1);
  CHECK(fixture.clock.slept.back() == Duration{1'000});
}

TEST_CASE("claim: pending action, waits as long as it is pending") {
  Fixture fixture;
  fixture.cloud.latency = Duration{60'000};
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: endless pending action, ends at the deadline") {
  Fixture fixture;
  fixture.cloud.latency = std::chrono::hours{1};
  CHECK(core::catch_error_except_signals([&] { fixture.claim(); })->exit() == Exit::try_again);
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: signal while waiting, ends the wait") {
  Fixture fixture;
  fixture.cloud.latency = Duration{11'000};
  fixture.clock.on_sleep = [&] { fixture.clock.signal = Exit::interrupted; };
  CHECK(core::catch_error([&] { fixture.claim(); })->exit() == Exit::interrupted);
}

// An action of a BYOIP address cannot be read, so only the address counts (facts, trap 5).
TEST_CASE("claim: unknown action, is ignored") {
  Fixture fixture;
  fixture.http.script("GET https://api.test/v2/reserved_ips/198.51.100.8/actions/72531856",
                      {support::json_reply("{}", 404)});
  fixture.http.script(
      "POST https://api.test/v2/reserved_ips/198.51.100.8/actions",
      {support::json_reply(R"({"action":{"id":72531856,"status":"in-progress"}})", 201)});
  fixture.clock.on_sleep = [&] {
    if (fixture.clock.now > Duration{5'000}) {
      fixture.entry().holder = support::our_droplet;
    }
  };
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: acceptance without effect, ends after 30 seconds") {
  Fixture fixture;
  fixture.http.script("POST https://api.test/v2/reserved_ips/198.51.100.8/actions",
                      {support::json_reply("", 201)});
  const auto failure = core::catch_error_except_signals([&] { fixture.claim(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::try_again);
  CHECK(std::string(failure->what()) ==
        "cannot assign 198.51.100.8: DigitalOcean accepted it and did not do it");
  CHECK(fixture.posts() == 1);
  CHECK(fixture.clock.now >= Duration{30'000});
  CHECK(fixture.clock.now <= Duration{40'000});
}
