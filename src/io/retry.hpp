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
// bursts carry the former; the latter is when the oldest counted request expires). The reply's own
// Date is the clock for it, where there is one: ours may be wrong.
std::optional<Duration> rate_limit_wait(const Response& response, const Clock& clock);

// How long to wait after a 429: as long as it asks, else `usual`, a second at least; then for a
// time of one's own, up to `spread`. Nodes that were refused together would otherwise come back
// together, use up the budget with their first requests, and starve each other. Throws
// Error(try_again) where the deadline is sooner.
Duration rate_limit_pause(const Response& response, const Clock& clock, const Random& random,
                          Duration spread, Duration usual);
// For a run that has been let through before: it goes first, since what it has spent would be lost.
inline constexpr Duration spread_under_way{5'000};

// How long to wait before attempt number `attempt` (the first is 0): doubling from `policy.first`,
// at most `policy.most`, between half of it and the whole.
Duration backoff(const RetryPolicy& policy, int attempt, const Random& random);

// Sends a GET or a PATCH (ours say the same when said twice) again when no reply came, or 408, 425,
// 429 or 5xx; any other request only once, since only its caller knows what it may have done.
// A request for Tries::one is sent once. DigitalOcean's rate limit is waited out until the
// deadline. What the last attempt within the deadline gave is given. Throws Error(try_again) where
// a rate limit outlasts the deadline.
std::unique_ptr<Http> retrying(std::unique_ptr<Http> inner, Clock& clock, const Log& log,
                               Random random);

}  // namespace io
