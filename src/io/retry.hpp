// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/http.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace io {

struct RetryPolicy {
  int attempts = 5;
  Duration first = Duration{250};
  Duration most = Duration{5'000};
};

// A random number in [0, 1): jitter keeps droplets that failed together from retrying together.
using Random = std::function<double()>;
Random open_random();

// How long a 429 asks to wait: `retry-after`, else until `ratelimit-reset` (facts, section 2). Only
// bursts carry the former; the latter is the expiry of the oldest counted request. The reply's own
// Date is the reference if there is one, because our clock may be wrong.
std::optional<Duration> rate_limit_wait(const Response& response, const Clock& clock);

// How long to wait after a 429: as long as the reply asks, else `usual`, at least a second, plus a
// random part of `spread`. Without the spread, nodes that were refused together would retry
// together, use up the budget with their first requests, and starve each other. Throws
// Error(try_again) if the deadline is earlier.
Duration rate_limit_pause(const Response& response, const Clock& clock, const Random& random,
                          Duration spread, Duration usual);
// For a run that already got through. It goes first, because its spent requests would be lost.
inline constexpr Duration spread_under_way{5'000};

// How long to wait before a retry; the first `attempt` is 0. Doubles from `policy.first` up to
// `policy.most`, with a random part of up to a half taken off.
Duration backoff(const RetryPolicy& policy, int attempt, const Random& random);

// Repeats a GET or PATCH, which are idempotent here, after no reply, 408, 425, 429 or 5xx. Sends
// any other request once, because only its caller knows what a repeat would do, and a request with
// Tries::one as well. Waits for DigitalOcean's rate limit until the deadline. Returns the last
// reply within the deadline. Throws Error(try_again) with retry_after() if a rate limit outlasts
// the deadline. `crowd` is the time over which nodes spread that were refused at their first
// request, where it is longer than the usual time of up to a minute.
std::unique_ptr<Http> make_retrying_http(std::unique_ptr<Http> inner, Clock& clock, const Log& log,
                                         Random random, Duration crowd = Duration{0});

}  // namespace io
