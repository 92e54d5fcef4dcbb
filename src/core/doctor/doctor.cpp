// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/doctor.hpp"

#include "core/doctor/findings.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

constexpr std::chrono::seconds tolerated_skew{60};

Check check_clock(const Examination& facts) {
  constexpr std::string_view name = "clock";
  if (!facts.skew) {
    return unknown(name, "no server answered over https, so there was no clock to compare with");
  }
  const auto ahead = facts.skew->ahead;
  const auto apart = std::chrono::abs(ahead);
  if (apart > tolerated_skew) {
    return warning(name,
                   fmt::format("the clock is {} s {} {}'s", apart.count(),
                               ahead.count() > 0 ? "ahead of" : "behind", facts.skew->server),
                   "certificates and rate limits are judged by it: see `timedatectl`");
  }
  return ok(name, fmt::format("within {} s of {}'s", tolerated_skew.count(), facts.skew->server));
}

// A probe would have to tell a block, which drops, from a mail server that is slow: no cheap one
// does, and it would be a connection to somebody who has not asked for it.
Check check_smtp() {
  return note("smtp",
              "not probed: DigitalOcean blocks mail ports (25, 465, 587) out of droplets, whatever "
              "the address",
              "send mail by an HTTPS API, or a relay on another port");
}

// What only a person can mend comes before what may pass, the most telling first.
constexpr std::array by_telling = {Exit::no_permission,  Exit::config,      Exit::foreign_ip,
                                   Exit::pool_exhausted, Exit::gate_failed, Exit::os_error,
                                   Exit::software,       Exit::unavailable, Exit::try_again};

std::size_t place_of(Exit exit) {
  return static_cast<std::size_t>(std::ranges::find(by_telling, exit) - by_telling.begin());
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 6> names = {"ok",      "note",    "warning",
                                                     "problem", "unknown", "skipped"};
  return names.at(static_cast<std::size_t>(verdict));
}

std::vector<Check> diagnose(const Examination& facts) {
  std::vector<Check> checks;
  for (const auto part : {check_host, check_routes, check_account, check_pool, check_cluster}) {
    auto found = part(facts);
    checks.insert(checks.end(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
  }
  checks.push_back(check_clock(facts));
  checks.push_back(check_smtp());
  return checks;
}

Ending conclude(const std::vector<Check>& checks) {
  const Check* worst = nullptr;
  int problems = 0;
  for (const Check& check : checks) {
    if (check.verdict != Verdict::problem) {
      continue;
    }
    ++problems;
    if (worst == nullptr || place_of(check.exit) < place_of(worst->exit)) {
      worst = &check;
    }
  }
  if (worst == nullptr) {
    return {};
  }
  return {
      .exit = worst->exit,
      .message = fmt::format("{} problem(s) found; {}: {}", problems, worst->name, worst->found),
      .hint = worst->remedy};
}

}  // namespace core
