// SPDX-License-Identifier: Apache-2.0
#include "app/run/claim.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using core::Exit;
using io::Duration;
using support::first_choice;
using support::json_reply;
using support::Reply;
using Lines = std::vector<std::string>;

// Claims that DigitalOcean refuses, fails or delays.

namespace {

const std::string get = "GET 198.51.100.8";
const std::string post = "POST 198.51.100.8/actions";
const std::string post_call = "POST https://api.test/v2/reserved_ips/198.51.100.8/actions";
const std::string action_call =
    "GET https://api.test/v2/reserved_ips/198.51.100.8/actions/72531856";

Reply refusal(const std::string& message) {
  return json_reply(R"({"id":"unprocessable_entity","message":")" + message + "\"}", 422);
}

struct Fixture : support::Rig {
  app::Claim claim() {
    forget();
    return app::claim(system, digitalocean, {first_choice, support::our_droplet},
                      [] { return std::nullopt; });
  }
  core::Error failure() {
    const auto error = core::catch_error_except_signals([&] { claim(); });
    REQUIRE(error.has_value());
    return *error;
  }
  Lines calls() const { return support::api_calls(http); }
  auto posts() const { return std::ranges::count(calls(), post); }
  support::FakeCloud::Entry& entry() { return cloud.addresses[first_choice]; }

  // Gives the first `count` POSTs that reply, and calls `meanwhile` with each.
  void answer_posts(
      int count, Reply reply, std::function<void()> meanwhile = [] {}) {
    cloud.fault = [=, this, left = count](const io::Request& request) mutable {
      const bool mine = request.method == "POST" && left > 0;
      left -= mine ? 1 : 0;
      if (mine) {
        meanwhile();
      }
      return mine ? std::optional(reply) : std::nullopt;
    };
  }
  // Every POST must follow a reading that showed the address free.
  ~Fixture() {
    const Lines made = calls();
    for (std::size_t index = 0; index < made.size(); ++index) {
      if (made[index] == post) {
        CHECK(index > 0);
        CHECK(made[index - 1] == get);
      }
    }
    CHECK(cloud.thefts.empty());
  }

  cloud::DigitalOcean digitalocean{http, support::api_url, "",
                                   [] { return cloud::Secret{"dop_v1_test"}; }};
};

core::Ipv4 held(const app::Claim& claim) {
  REQUIRE(std::holds_alternative<core::Won>(claim));
  return std::get<core::Won>(claim).entry.address;
}

}  // namespace

TEST_CASE("claim: droplet busy, is repeated until it succeeds") {
  Fixture fixture;
  fixture.answer_posts(7, refusal("Droplet already has a pending event."));
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 8);
}

TEST_CASE("claim: droplet stays busy, ends at the deadline") {
  Fixture fixture;
  fixture.answer_posts(1000, refusal("Droplet already has a PENDING event."));
  CHECK(fixture.failure().exit() == Exit::try_again);
  CHECK(fixture.posts() < 60);
}

TEST_CASE("claim: refusal for our own address, succeeds") {
  Fixture fixture;
  fixture.answer_posts(1, refusal("The droplet already has a reserved IP."),
                       [&] { fixture.entry().holder = support::our_droplet; });
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: refusal because another droplet was faster, is lost") {
  Fixture fixture;
  fixture.answer_posts(1, refusal("The floating IP already has a pending event."), [&] {
    fixture.entry().pending = support::other_droplet;
    fixture.entry().done_at = Duration{2'000};
  });
  CHECK(std::holds_alternative<core::Lost>(fixture.claim()));
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: refusal because the droplet holds another address, returns that one") {
  Fixture fixture;
  fixture.cloud.addresses[support::third_choice].holder = support::other_droplet;
  fixture.cloud.addresses[support::second_choice].holder = support::our_droplet;
  CHECK(held(fixture.claim()) == support::second_choice);
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: permanent refusal, ends with config and quotes DigitalOcean") {
  Fixture fixture;
  fixture.answer_posts(1, refusal("Region mismatch."));
  const auto failure = fixture.failure();
  CHECK(failure.exit() == Exit::config);
  CHECK(std::string(failure.what()) ==
        "cannot assign 198.51.100.8 to droplet 758604990: \"Region mismatch.\"");
  CHECK_FALSE(failure.hint().empty());
  CHECK(fixture.posts() == 1);
}

TEST_CASE("claim: address left the account, is lost") {
  Fixture fixture;
  fixture.answer_posts(1, json_reply("{}", 404),
                       [&] { fixture.cloud.addresses.erase(first_choice); });
  CHECK(std::get<core::Lost>(fixture.claim()).why == "the account has no such address");
}

TEST_CASE("claim: POST without a reply, the address decides") {
  Fixture fixture;
  SUBCASE("it took effect: no second POST") {
    fixture.answer_posts(1, support::no_reply(),
                         [&] { fixture.entry().holder = support::our_droplet; });
    CHECK(held(fixture.claim()) == first_choice);
    CHECK(fixture.posts() == 1);
  }
  SUBCASE("it took effect late: no second POST") {
    fixture.answer_posts(1, json_reply("<html>", 504), [&] {
      fixture.entry().pending = support::our_droplet;
      fixture.entry().done_at = Duration{9'000};
    });
    CHECK(held(fixture.claim()) == first_choice);
    CHECK(fixture.posts() == 1);
  }
  SUBCASE("it had no effect: a second POST") {
    fixture.answer_posts(2, json_reply("<html>", 500));
    CHECK(held(fixture.claim()) == first_choice);
    CHECK(fixture.posts() == 3);
  }
  SUBCASE("it had no effect and another droplet was faster: no second POST") {
    fixture.answer_posts(1, support::no_reply());
    fixture.clock.on_sleep = [&] { fixture.entry().holder = support::other_droplet; };
    CHECK(std::get<core::Lost>(fixture.claim()).why == "droplet 758604991 holds it");
    CHECK(fixture.posts() == 1);
  }
}

TEST_CASE("claim: four POSTs without effect, gives up") {
  Fixture fixture;
  Exit expected = Exit::unavailable;
  std::string message =
      "cannot assign 198.51.100.8: it failed 4 times: DigitalOcean answered 503: no reason given";
  SUBCASE("server errors") {
    fixture.answer_posts(9, json_reply("", 503));
  }
  SUBCASE("no replies") {
    fixture.answer_posts(9, support::no_reply());
    message = "cannot assign 198.51.100.8: it failed 4 times: Couldn't connect to server";
  }
  SUBCASE("errored actions") {
    fixture.answer_posts(9, json_reply(R"({"action":{"id":72531856}})", 201));
    fixture.http.script(action_call, {json_reply(R"({"action":{"status":"errored"}})")});
    expected = Exit::try_again;
    message = "cannot assign 198.51.100.8: DigitalOcean ended it as errored 4 times";
  }
  const auto failure = fixture.failure();
  CHECK(failure.exit() == expected);
  CHECK(std::string(failure.what()) == message);
  CHECK_FALSE(failure.hint().empty());
  CHECK(fixture.posts() == 4);
}

TEST_CASE("claim: errored action on a free address, is repeated") {
  Fixture fixture;
  fixture.answer_posts(1, json_reply(R"({"action":{"id":72531856}})", 201));
  fixture.http.script(action_call, {json_reply(R"({"action":{"status":"errored"}})")});
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 2);
}

TEST_CASE("claim: rate limit, waits before the next reading") {
  Fixture fixture;
  std::map<std::string, std::string> headers;
  Duration expected{7'500};  // half of the spread is random
  SUBCASE("with retry-after") {
    headers = {{"retry-after", "29"}};
    expected = Duration{31'500};
  }
  SUBCASE("with a reset time") {
    headers = {{"ratelimit-reset", "1700000039"}};
    expected = Duration{42'500};
  }
  SUBCASE("with neither") {}
  fixture.answer_posts(1, io::Response{.status = 429, .headers = headers});
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 2);
  CHECK(fixture.clock.slept.front() == expected);
}

TEST_CASE("claim: repeated rate limits, does not give up before the deadline") {
  Fixture fixture;
  fixture.answer_posts(9, io::Response{.status = 429, .headers = {{"retry-after", "1"}}});
  CHECK(held(fixture.claim()) == first_choice);
  CHECK(fixture.posts() == 10);
}

TEST_CASE("claim: rate limit beyond the deadline, ends at once") {
  Fixture fixture;
  fixture.answer_posts(1,
                       io::Response{.status = 429, .headers = {{"ratelimit-reset", "1700003000"}}});
  const auto failure = fixture.failure();
  CHECK(failure.exit() == Exit::try_again);
  CHECK(std::string(failure.what()) ==
        "the rate limit is reached for longer than this run may last (3001 s)");
  CHECK(fixture.clock.slept.empty());
}

TEST_CASE("claim: missing rights, ends without a repeat") {
  Fixture fixture;
  fixture.answer_posts(9, json_reply(R"({"message":"no"})", 403));
  CHECK(fixture.failure().exit() == Exit::no_permission);
  CHECK(fixture.posts() == 1);
}
