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

// A number in [0, 1) for jitter, so that droplets that fail together do not come back together.
using Random = std::function<double()>;
Random open_random();

// How long a 429 asks to wait: `retry-after`, else until `ratelimit-reset` (facts, section 2: only
// bursts carry the former; the latter is when the oldest counted request expires).
std::optional<Duration> rate_limit_wait(const Response& response, const Clock& clock);

// How long to wait before attempt number `attempt` (the first is 0): doubling from `policy.first`,
// at most `policy.most`, between half of it and the whole.
Duration backoff(const RetryPolicy& policy, int attempt, const Random& random);

// Sends a GET or a PATCH (ours say the same when said twice) again when no reply came, or 429, 500,
// 502, 503 or 504; any other request only once, since only its caller knows what it may have done.
// A
// request for Tries::one is sent once. What the last attempt within the deadline gave is given.
// Throws Error(try_again) where a rate limit outlasts the deadline.
std::unique_ptr<Http> retrying(std::unique_ptr<Http> inner, Clock& clock, const Log& log,
                               Random random);

}  // namespace io
