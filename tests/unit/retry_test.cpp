// SPDX-License-Identifier: Apache-2.0
#include "io/retry.hpp"

#include "support/fake_clock.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

using core::Exit;
using io::Duration;
using support::FakeClock;
using support::FakeHttp;
using support::Reply;

namespace {

const io::Log log_of_test(io::LogFormat::text, io::Level::error);
const std::string call = "GET http://api.test/x";

Reply status(long code) {
  return support::json_reply("{}", code);
}

Reply limited(std::map<std::string, std::string> headers) {
  return io::Response{.status = 429, .headers = std::move(headers)};
}

// A retrying Http around a fake one, with the given jitter or none.
struct Fixture {
  explicit Fixture(std::vector<Reply> replies, double jitter = 0,
                   Duration deadline = std::chrono::minutes{2}, Duration crowd = Duration{0})
      : clock(deadline) {
    auto inner = std::make_unique<FakeHttp>();
    fake = inner.get();
    for (const std::string method : {"GET", "PATCH", "POST", "DELETE"}) {
      fake->script(method + " http://api.test/x", replies);
    }
    http = io::make_retrying_http(
        std::move(inner), clock, log_of_test, [jitter] { return jitter; }, crowd);
  }

  long get() { return http->send(request()).status; }
  static io::Request request(const std::string& method = "GET") {
    return {.server = io::Server::digitalocean, .method = method, .url = "http://api.test/x"};
  }

  FakeClock clock;
  FakeHttp* fake = nullptr;
  std::unique_ptr<io::Http> http = {};
};

using Waits = std::vector<Duration>;
Waits waits(std::initializer_list<int> milliseconds) {
  Waits result;
  for (const int value : milliseconds) {
    result.emplace_back(value);
  }
  return result;
}

}  // namespace

TEST_CASE("retry: GET without a usable reply, is repeated") {
  for (const Reply& bad :
       {status(408), status(425), status(429), status(500), status(502), status(503), status(504),
        status(520), status(522), status(524), status(530), support::no_reply()}) {
    Fixture fixture({bad, bad, status(200)});
    CHECK(fixture.get() == 200);
    CHECK(fixture.fake->sent.size() == 3);
    CHECK(fixture.clock.slept.size() == 2);
  }
}

TEST_CASE("retry: permanent status, is not repeated") {
  for (const long code : {200L, 201L, 204L, 301L, 400L, 401L, 403L, 404L, 409L, 418L, 422L}) {
    CAPTURE(code);
    Fixture fixture({status(code)});
    CHECK(fixture.get() == code);
    CHECK(fixture.fake->sent.size() == 1);
    CHECK(fixture.clock.slept.empty());
  }
}

TEST_CASE("retry: POST or DELETE, is sent once") {
  for (const std::string method : {"POST", "DELETE"}) {
    CAPTURE(method);
    Fixture fixture({status(503)});
    CHECK(fixture.http->send(Fixture::request(method)).status == 503);
    CHECK(fixture.fake->sent.size() == 1);
    Fixture silent({support::no_reply()});
    CHECK_THROWS_AS(silent.http->send(Fixture::request(method)), core::Error);
    CHECK(silent.fake->sent.size() == 1);
  }
}

TEST_CASE("retry: PATCH, is repeated because it is idempotent") {
  Fixture fixture({support::no_reply(), status(200)});
  CHECK(fixture.http->send(Fixture::request("PATCH")).status == 200);
  CHECK(fixture.fake->sent.size() == 2);
}

TEST_CASE("retry: five failed attempts, returns the last reply") {
  Fixture fixture({status(503)});
  CHECK(fixture.get() == 503);
  CHECK(fixture.fake->sent.size() == 5);
  Fixture silent({support::no_reply()});
  CHECK_THROWS_WITH_AS(silent.get(), "Couldn't connect to server", core::Error);
  CHECK(silent.fake->sent.size() == 5);
}

TEST_CASE("retry: Kubernetes, gets three attempts because egress comes first") {
  Fixture fixture({status(503)});
  auto request = Fixture::request();
  request.server = io::Server::kubernetes;
  CHECK(fixture.http->send(request).status == 503);
  CHECK(fixture.fake->sent.size() == 3);
}

TEST_CASE("retry: permanent error or signal, is not repeated") {
  for (const Exit exit : {Exit::software, Exit::interrupted, Exit::terminated, Exit::try_again}) {
    Fixture fixture({core::Error(exit, "no")});
    CHECK(core::catch_error([&] { fixture.get(); })->exit() == exit);
    CHECK(fixture.fake->sent.size() == 1);
  }
}

TEST_CASE("retry: signal between two attempts, ends the wait") {
  Fixture fixture({status(503)});
  fixture.clock.on_sleep = [&] { fixture.clock.signal = Exit::terminated; };
  CHECK(core::catch_error([&] { fixture.get(); })->exit() == Exit::terminated);
  CHECK(fixture.fake->sent.size() == 1);
}

TEST_CASE("retry: each wait, is twice as long, with a random part off") {
  Fixture shortest({status(503)}, 0.0);
  CHECK(shortest.get() == 503);
  CHECK(shortest.clock.slept == waits({125, 250, 500, 1000}));
  Fixture longest({status(503)}, 1.0);
  CHECK(longest.get() == 503);
  CHECK(longest.clock.slept == waits({250, 500, 1000, 2000}));
}

TEST_CASE("retry: many attempts, the wait has a maximum") {
  const io::RetryPolicy policy{.first = Duration{250}, .most = Duration{5'000}};
  CHECK(io::backoff(policy, 4, [] { return 1.0; }) == Duration{4'000});
  CHECK(io::backoff(policy, 5, [] { return 1.0; }) == Duration{5'000});
  CHECK(io::backoff(policy, 1'000'000, [] { return 1.0; }) == Duration{5'000});
  CHECK(io::backoff(policy, 1'000'000, [] { return 0.0; }) == Duration{2'500});
}

TEST_CASE("retry: jitter, is a varying number from 0 to 1") {
  const auto random = io::open_random();
  double least = 1;
  double most = 0;
  for (int count = 0; count < 1000; ++count) {
    const double value = random();
    least = std::min(least, value);
    most = std::max(most, value);
  }
  CHECK(least >= 0);
  CHECK(most < 1);
  CHECK(most - least > 0.5);
}

TEST_CASE("retry: rate limit, waits as its headers say") {
  const std::string now = "1700000000";
  Duration expected{};
  std::map<std::string, std::string> headers;
  SUBCASE("retry-after of a burst") {
    headers = {{"retry-after", "29"}, {"ratelimit-reset", "1700009999"}};
    expected = Duration{29'000};
  }
  SUBCASE("reset time of an hourly limit") {
    headers = {{"ratelimit-reset", "1700000040"}};
    expected = Duration{41'000};
  }
  SUBCASE("a past reset time") {
    headers = {{"ratelimit-reset", "1699999000"}};
    expected = Duration{1'000};
  }
  SUBCASE("a negative wait counts as a second") {
    headers = {{"retry-after", "-5"}};
    expected = Duration{1'000};
  }
  SUBCASE("neither: the ordinary backoff") {
    expected = Duration{125};
  }
  SUBCASE("a date, which DigitalOcean never sends") {
    headers = {{"retry-after", "Tue, 14 Nov 2023 22:13:30 GMT"}};
    expected = Duration{11'000};
  }
  SUBCASE("unreadable: the ordinary backoff") {
    headers = {{"retry-after", "later"}, {"ratelimit-reset", "soon"}};
    expected = Duration{125};
  }
  SUBCASE("our clock is an hour behind, so the reply's Date is used") {
    headers = {{"date", "Tue, 14 Nov 2023 23:13:20 GMT"}, {"ratelimit-reset", "1700003603"}};
    expected = Duration{4'000};
  }
  SUBCASE("our clock is an hour ahead") {
    headers = {{"date", "Tue, 14 Nov 2023 21:13:20 GMT"}, {"ratelimit-reset", "1699996403"}};
    expected = Duration{4'000};
  }
  SUBCASE("an invalid Date, so our clock is used") {
    headers = {{"date", "today"}, {"ratelimit-reset", "1700000040"}};
    expected = Duration{41'000};
  }
  Fixture fixture({limited(headers), status(200)});
  CHECK(fixture.get() == 200);
  CHECK(fixture.clock.slept == Waits{expected});
}

TEST_CASE("retry: repeated rate limits, waits longer each time until the deadline") {
  Fixture fixture({limited({{"retry-after", "1"}})}, 0.5);
  CHECK_THROWS_AS(fixture.get(), core::Error);
  REQUIRE(fixture.clock.slept.size() >= 4);
  fixture.clock.slept.resize(4);
  CHECK(fixture.clock.slept == waits({6'000, 11'000, 21'000, 31'000}));
}

TEST_CASE("retry: rate limit with a wait of 0, does not loop endlessly") {
  Fixture fixture({limited({{"retry-after", "0"}})});
  CHECK(core::catch_error_except_signals([&] { fixture.get(); })->exit() == Exit::try_again);
  CHECK(fixture.fake->sent.size() == 121);  // once a second for two minutes without jitter
}

TEST_CASE("retry: nodes refused together, come back spread, those with progress first") {
  for (const double jitter : {0.0, 1.0}) {
    const int chosen = jitter > 0 ? 1 : 0;
    Fixture fresh({limited({{"retry-after", "7"}}), status(200)}, jitter);
    CHECK(fresh.get() == 200);
    CHECK(fresh.clock.slept == waits({7'000 + chosen * 10'000}));
    Fixture under_way({status(200), limited({{"retry-after", "7"}}), status(200)}, jitter);
    CHECK(under_way.get() == 200);
    CHECK(under_way.get() == 200);
    CHECK(under_way.clock.slept == waits({7'000 + chosen * 5'000}));
  }
}

TEST_CASE("retry: spread of the wait, leaves time of the run for the work") {
  Fixture fixture({limited({{"retry-after", "20"}}), status(200)}, 1.0, Duration{30'000});
  CHECK(fixture.get() == 200);
  CHECK(fixture.clock.slept == waits({25'000}));
}

TEST_CASE("retry: crowd, one refusal ends the run with a spread time") {
  const auto reply = limited({{"retry-after", "20"}});
  Fixture fixture({reply, status(200)}, 0.5, std::chrono::minutes{2}, std::chrono::minutes{20});
  const auto failure = core::catch_error_except_signals([&] { fixture.get(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::try_again);
  CHECK(failure->retry_after() == std::chrono::seconds{20 + 600});
  CHECK(fixture.clock.slept.empty());
}

TEST_CASE("retry: crowd, a run that got through before goes first") {
  Fixture fixture({status(200), limited({{"retry-after", "20"}}), status(200)}, 0.5,
                  std::chrono::minutes{2}, std::chrono::minutes{20});
  CHECK(fixture.get() == 200);
  CHECK(fixture.get() == 200);
  CHECK(fixture.clock.slept == waits({22'500}));
}

TEST_CASE("retry: rate limit beyond the deadline, ends at once") {
  Fixture fixture({limited({{"ratelimit-reset", "1700003000"}})});
  const auto failure = core::catch_error_except_signals([&] { fixture.get(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::try_again);
  CHECK(std::string(failure->what()) ==
        "the rate limit is reached for longer than this run may last (3001 s)");
  CHECK(failure->retry_after() == std::chrono::seconds{3001});
  CHECK(fixture.clock.slept.empty());
}

TEST_CASE("retry: header with an absurd wait, is not believed") {
  FakeClock clock;
  for (const std::string text : {"9223372036854775807", "99999999999"}) {
    io::Response response{.status = 429, .headers = {{"retry-after", text}}};
    CHECK(io::rate_limit_wait(response, clock) == std::chrono::hours{24});
    response.headers = {{"ratelimit-reset", text}};
    CHECK(io::rate_limit_wait(response, clock) == std::chrono::hours{24});
  }
  const io::Response early{.status = 429,
                           .headers = {{"date", "Mon, 01 Jan 0001 00:00:00 GMT"},
                                       {"ratelimit-reset", "9223372036854775807"}}};
  CHECK(io::rate_limit_wait(early, clock) == std::chrono::hours{24});
  const io::Response beyond{.headers = {{"retry-after", "99999999999999999999"}}};
  CHECK_FALSE(io::rate_limit_wait(beyond, clock).has_value());
}

TEST_CASE("retry: wait beyond the deadline, returns the last reply at once") {
  Fixture fixture({status(503)}, 1.0, Duration{300});
  CHECK(fixture.get() == 503);
  CHECK(fixture.clock.slept == waits({250}));
  Fixture silent({support::no_reply()}, 1.0, Duration{300});
  CHECK(core::catch_error_except_signals([&] { silent.get(); })->exit() == Exit::unavailable);
  CHECK(silent.clock.slept == waits({250}));
}

TEST_CASE("retry: Tries::one, is sent once") {
  Fixture fixture({status(503)});
  auto request = Fixture::request();
  request.tries = io::Tries::one;
  CHECK(fixture.http->send(request).status == 503);
  CHECK(fixture.fake->sent.size() == 1);
}

TEST_CASE("retry: parallel requests, keep their replies; counts include retries") {
  Fixture fixture({status(503), status(200), status(201)});
  const auto first = fixture.http->start(Fixture::request());
  const auto second = fixture.http->start(Fixture::request());
  const auto third = fixture.http->start(Fixture::request());
  fixture.http->cancel(second);
  CHECK(fixture.fake->cancelled.size() == 1);
  CHECK(fixture.http->wait(third).status == 201);
  CHECK(fixture.http->wait(first).status == 201);
  CHECK(fixture.http->counts() == io::RequestCounts{4, 0, 0});
  CHECK(fixture.http->replies() == io::ReplyCounts{{{io::Server::digitalocean, 201}, 2},
                                                   {{io::Server::digitalocean, 503}, 1}});
}
