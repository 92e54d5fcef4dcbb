// SPDX-License-Identifier: Apache-2.0
#include "io/retry.hpp"

#include "core/duration.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <charconv>
#include <random>

namespace io {
namespace {

// What no reply is told from: the error of the last attempt, or its reply.
struct Attempt {
  std::optional<Response> response = {};
  std::optional<core::Error> error = {};
};

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  return problem == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

bool worth_repeating(const Attempt& attempt) {
  if (attempt.error) {
    return attempt.error->exit() == core::Exit::unavailable;
  }
  const long status = attempt.response->status;  // CDNs have more of their own, from 520 on
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

core::Error limited_for(Duration wait) {
  return core::Error(core::Exit::try_again,
                     "the rate limit is reached, and for longer than this run may last ({} s)",
                     std::chrono::ceil<std::chrono::seconds>(wait).count())
      .with_hint(
          "all nodes with one token share 250 requests a minute and 5000 an hour; run later");
}

class Retrying : public Http {
 public:
  Retrying(std::unique_ptr<Http> inner, Clock& clock, const Log& log, Random random)
      : inner_(std::move(inner)), clock_(clock), log_(log), random_(std::move(random)) {}

  Ticket start(const Request& request) override {
    const Ticket ticket = inner_->start(request);
    requests_.emplace(ticket, request);
    return ticket;
  }

  Response wait(Ticket ticket) override {
    const Request request = requests_.extract(ticket).mapped();
    Attempt attempt = finish(request.server, ticket);
    const bool repeatable = request.method == "GET" || request.method == "PATCH";
    const bool once = !repeatable || request.tries == Tries::one;
    const int attempts = once ? 1 : policy(request.server).attempts;
    for (int count = 1; count < attempts && worth_repeating(attempt);) {
      const Duration pause = pause_before(request.server, attempt, count);
      count += shares_budget(request.server, attempt) ? 0 : 1;
      if (pause > clock_.remaining()) {
        break;  // what went wrong says more than that time is up
      }
      log_.write(Level::debug, "{} {}: again in {} ms", request.method, request.url, pause.count());
      clock_.sleep(pause);
      attempt = finish(request.server, inner_->start(request));
    }
    if (attempt.error) {
      throw core::Error(*attempt.error);
    }
    return std::move(*attempt.response);
  }

  void cancel(Ticket ticket) override {
    requests_.erase(ticket);
    inner_->cancel(ticket);
  }

  void renew() override { inner_->renew(); }

  RequestCounts counts() const override { return inner_->counts(); }
  ReplyCounts replies() const override { return inner_->replies(); }

 private:
  // Kubernetes is asked fewer times: egress comes first and does not need it.
  static RetryPolicy policy(Server server) {
    return server == Server::kubernetes ? RetryPolicy{.attempts = 3} : RetryPolicy{};
  }

  Attempt finish(Server server, Ticket ticket) {
    Attempt attempt;
    attempt.error = core::failure_of([&] { attempt.response = inner_->wait(ticket); });
    const bool through = attempt.response && attempt.response->status != 429;
    if (through && server == Server::digitalocean) {
      under_way_ = true;
    }
    return attempt;
  }

  // Refused by the limit that all nodes share; the deadline, not a count, bounds how long that is
  // waited out.
  bool shares_budget(Server server, const Attempt& attempt) const {
    return server == Server::digitalocean && attempt.response && attempt.response->status == 429 &&
           rate_limit_wait(*attempt.response, clock_);
  }

  // Wider each time: how many nodes wait is not told, but that there are more than are let through.
  Duration next_spread() {
    constexpr Duration window{60'000};
    const Duration spread = under_way_ ? spread_under_way : spread_;
    spread_ = std::min(spread_ * 2, window);
    return spread;
  }

  Duration pause_before(Server server, const Attempt& attempt, int count) {
    const Duration usual = backoff(policy(server), count - 1, random_);
    if (shares_budget(server, attempt)) {
      return rate_limit_pause(*attempt.response, clock_, random_, next_spread(), usual);
    }
    if (!attempt.response || attempt.response->status != 429) {
      return usual;
    }
    const Duration asked = rate_limit_wait(*attempt.response, clock_).value_or(usual);
    if (asked > clock_.remaining()) {
      throw limited_for(asked);
    }
    return asked;
  }

  std::unique_ptr<Http> inner_;
  Clock& clock_;
  const Log& log_;
  Random random_;
  bool under_way_ = false;
  Duration spread_{10'000};
  std::map<Ticket, Request> requests_ = {};
};

}  // namespace

Random open_random() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

std::optional<Duration> rate_limit_wait(const Response& response, const Clock& clock) {
  constexpr std::int64_t longest = 86'400;  // a header that says more is not to be believed
  const auto date = core::parse_date(response.header("date"));
  const std::int64_t now = date.value_or(clock.wall()).count();
  const std::string after = response.header("retry-after");
  if (const auto seconds = number(after)) {
    return std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, longest));
  }
  const auto until = core::parse_date(after);
  const auto reset = until ? until->count() : number(response.header("ratelimit-reset"));
  if (!reset) {
    return std::nullopt;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(*reset, now, now + longest - 1) - now + 1);
}

Duration rate_limit_pause(const Response& response, const Clock& clock, const Random& random,
                          Duration spread, Duration usual) {
  constexpr Duration rest{5'000};   // of the run, to use what is let through then
  constexpr Duration least{1'000};  // else who asks for no patience is asked without end
  const Duration asked = std::max(rate_limit_wait(response, clock).value_or(usual), least);
  if (asked > clock.remaining()) {
    throw limited_for(asked);
  }
  const Duration room = std::max(clock.remaining() - asked - rest, Duration{0});
  return asked + std::chrono::duration_cast<Duration>(std::min(spread, room) * random());
}

Duration backoff(const RetryPolicy& policy, int attempt, const Random& random) {
  const Duration whole = std::min(policy.first * (1 << std::min(attempt, 16)), policy.most);
  return std::chrono::duration_cast<Duration>(whole * (0.5 + random() / 2));
}

std::unique_ptr<Http> retrying(std::unique_ptr<Http> inner, Clock& clock, const Log& log,
                               Random random) {
  return std::make_unique<Retrying>(std::move(inner), clock, log, std::move(random));
}

}  // namespace io
