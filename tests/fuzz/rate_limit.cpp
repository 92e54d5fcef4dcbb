// SPDX-License-Identifier: Apache-2.0
// Status and headers of a rate-limited reply, repeated.
#include "fuzz.hpp"
#include "io/retry.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http.hpp"

#include <memory>

namespace {

void retry(const io::Response& reply, const std::string& method, std::size_t most) {
  auto server = std::make_unique<support::FakeHttp>();
  support::FakeHttp& http = *server;
  http.handler = [&](const io::Request&) { return reply; };
  support::FakeClock clock;
  const io::Log log(io::LogFormat::text, io::Level::error);
  const auto patient = io::make_retrying_http(std::move(server), clock, log, [] { return 0.5; });
  fuzz::failing_as({core::Exit::try_again}, [&] {
    const auto last = patient->send({.server = io::Server::digitalocean, .method = method});
    fuzz::require(last.status == reply.status, "the last reply is given");
  });
  fuzz::require(clock.elapsed() <= std::chrono::minutes{2}, "no wait outlasts the deadline");
  fuzz::require(!http.sent.empty() && http.sent.size() <= most, "a server is not pestered");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = fuzz::parse_response({reinterpret_cast<const char*>(data), size});
  support::FakeClock clock;
  if (const auto wait = io::rate_limit_wait(reply, clock)) {
    fuzz::require(wait->count() >= 0 && *wait <= std::chrono::hours{24},
                  "a wait is not negative, and a day at most");
  }
  retry(reply, "GET", reply.status == 429 ? 40 : 5);
  retry(reply, "POST", 1);
  return 0;
}
