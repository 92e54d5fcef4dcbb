// SPDX-License-Identifier: Apache-2.0
#include "io/retry.hpp"

#include "core/duration.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <charconv>
#include <random>

namespace io {
namespace {

// The result of one attempt: a reply or an error.
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

bool is_worth_repeating(const Attempt& attempt) {
  if (attempt.error) {
    return attempt.error->exit() == core::Exit::unavailable;
  }
  const long status = attempt.response->status;  // CDNs use more codes of their own, from 520 on
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// `pause` is the wait plus the part of the spread that is this node's.
core::Error rate_limit_error(Duration wait, Duration pause) {
  return core::Error(core::Exit::try_again,
                     "the rate limit is reached for longer than this run may last ({} s)",
                     std::chrono::ceil<std::chrono::seconds>(wait).count())
      .with_hint(
          "run again later; all nodes with one token share 250 requests a minute and 5000 an hour")
      .with_retry_after(std::chrono::ceil<std::chrono::seconds>(pause));
}

class Retrying : public Http {
 public:
  Retrying(std::unique_ptr<Http> inner, Clock& clock, const Log& log, Random random, Duration crowd)
      : inner_(std::move(inner)),
        clock_(clock),
        log_(log),
        random_(std::move(random)),
        crowd_(crowd) {}

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
    for (int count = 1; count < attempts && is_worth_repeating(attempt);) {
      const Duration pause = pause_before(request.server, attempt, count);
      count += is_shared_limit(request.server, attempt) ? 0 : 1;
      if (pause > clock_.remaining()) {
        break;  // the last reply explains more than the deadline
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

  void drop_idle_connections() override { inner_->drop_idle_connections(); }

  RequestCounts counts() const override { return inner_->counts(); }
  ReplyCounts replies() const override { return inner_->replies(); }

 private:
  // Fewer attempts for Kubernetes: egress comes first, and does not need it.
  static RetryPolicy policy(Server server) {
    return server == Server::kubernetes ? RetryPolicy{.attempts = 3} : RetryPolicy{};
  }

  Attempt finish(Server server, Ticket ticket) {
    Attempt attempt;
    attempt.error =
        core::catch_error_except_signals([&] { attempt.response = inner_->wait(ticket); });
    const bool through = attempt.response && attempt.response->status != 429;
    if (through && server == Server::digitalocean) {
      was_let_through_ = true;
    }
    return attempt;
  }

  // Whether the rate limit that all nodes share refused the attempt. The deadline bounds how often
  // that is repeated, not a count.
  bool is_shared_limit(Server server, const Attempt& attempt) const {
    return server == Server::digitalocean && attempt.response && attempt.response->status == 429 &&
           rate_limit_wait(*attempt.response, clock_);
  }

  // Doubles with each refusal: the number of waiting nodes is unknown, but it exceeds the budget.
  Duration next_spread() {
    constexpr Duration window{60'000};
    const Duration spread = was_let_through_ ? spread_under_way : spread_;
    spread_ = std::min(spread_ * 2, window);
    return spread;
  }

  Duration pause_before(Server server, const Attempt& attempt, int count) {
    const Duration usual = backoff(policy(server), count - 1, random_);
    if (is_shared_limit(server, attempt)) {
      const Duration spread = next_spread();
      if (crowd_ > spread && !was_let_through_) {
        return pause_in_crowd(*attempt.response);
      }
      return rate_limit_pause(*attempt.response, clock_, random_, spread, usual);
    }
    if (!attempt.response || attempt.response->status != 429) {
      return usual;
    }
    const Duration asked = rate_limit_wait(*attempt.response, clock_).value_or(usual);
    if (asked > clock_.remaining()) {
      throw rate_limit_error(asked, asked);
    }
    return asked;
  }

  // One refusal at the first request shows that this node is not among the first of many, and
  // retrying soon would only take requests from the others.
  Duration pause_in_crowd(const Response& response) const {
    constexpr Duration least{1'000};
    const Duration asked = std::max(rate_limit_wait(response, clock_).value_or(least), least);
    const Duration pause = asked + std::chrono::duration_cast<Duration>(crowd_ * random_());
    if (pause > clock_.remaining()) {
      throw rate_limit_error(asked, pause);
    }
    return pause;
  }

  std::unique_ptr<Http> inner_;
  Clock& clock_;
  const Log& log_;
  Random random_;
  Duration crowd_;
  bool was_let_through_ = false;
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
  constexpr std::int64_t longest = 86'400;  // a longer wait in a header is not credible
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
  constexpr Duration rest{5'000};  // of the run, for the work after the wait
  constexpr Duration least{
      1'000};  // without a minimum, "retry-after: 0" would cause an endless loop
  const Duration asked = std::max(rate_limit_wait(response, clock).value_or(usual), least);
  if (asked > clock.remaining()) {
    throw rate_limit_error(asked, asked + std::chrono::duration_cast<Duration>(spread * random()));
  }
  const Duration room = std::max(clock.remaining() - asked - rest, Duration{0});
  return asked + std::chrono::duration_cast<Duration>(std::min(spread, room) * random());
}

Duration backoff(const RetryPolicy& policy, int attempt, const Random& random) {
  const Duration whole = std::min(policy.first * (1 << std::min(attempt, 16)), policy.most);
  return std::chrono::duration_cast<Duration>(whole * (0.5 + random() / 2));
}

std::unique_ptr<Http> make_retrying_http(std::unique_ptr<Http> inner, Clock& clock, const Log& log,
                                         Random random, Duration crowd) {
  return std::make_unique<Retrying>(std::move(inner), clock, log, std::move(random), crowd);
}

}  // namespace io
