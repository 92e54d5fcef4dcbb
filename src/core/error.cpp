// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

constexpr std::array exits = {
    ExitFacts{Exit::ok, "ok", false, "converged, or nothing to do"},
    ExitFacts{Exit::changed, "changed", false, "changed something, or would (--detailed-exitcode)"},
    ExitFacts{Exit::not_matched, "not-matched", false,
              "the hostname does not match (--detailed-exitcode)"},
    ExitFacts{Exit::pool_exhausted, "pool-exhausted", true, "no free address in the pool"},
    ExitFacts{Exit::claim_lost, "claim-lost", true, "other droplets took every candidate"},
    ExitFacts{Exit::foreign_ip, "foreign-ip", false,
              "the droplet holds an address that is not in the pool"},
    ExitFacts{Exit::rolled_back, "rolled-back", true, "the route switch was rolled back"},
    ExitFacts{Exit::degraded, "degraded", false, "the rollback failed: routes are not as before"},
    ExitFacts{Exit::gate_failed, "gate-failed", true,
              "egress is good, but the Node could not be updated"},
    ExitFacts{Exit::usage, "usage", false, "the command line is wrong"},
    ExitFacts{Exit::unavailable, "unavailable", true,
              "metadata, DigitalOcean or Kubernetes is unreachable"},
    ExitFacts{Exit::software, "software", false, "a bug, or a reply of unknown shape"},
    ExitFacts{Exit::os_error, "os-error", false, "the kernel refused"},
    ExitFacts{Exit::try_again, "try-again", true,
              "rate limit, pending event or deadline; nothing half-done"},
    ExitFacts{Exit::no_permission, "no-permission", false, "a token or a capability is missing"},
    ExitFacts{Exit::config, "config", false, "the set-up is contradictory or impossible"},
    ExitFacts{Exit::interrupted, "interrupted", true, "SIGINT"},
    ExitFacts{Exit::terminated, "terminated", true, "SIGTERM or SIGHUP"},
};

std::string_view usual_hint(Exit exit) {
  switch (exit) {
    case Exit::usage:
      return "run do-egress-ip --help";
    case Exit::config:
      return "see the manual: man 8 do-egress-ip";
    case Exit::unavailable:
      return "check the URL, firewall, proxy and certificate, or run again later";
    case Exit::software:
    case Exit::os_error:
      return "report it with the output of -v, unless a proxy or another program explains it";
    default:
      return "run again later";
  }
}

}  // namespace

std::span<const ExitFacts> exit_table() {
  return exits;
}

const ExitFacts& facts_of(Exit exit) {
  return *std::ranges::find(exits, exit, &ExitFacts::exit);
}

std::string Error::hint() const {
  return hint_.empty() ? std::string(usual_hint(exit_)) : hint_;
}

}  // namespace core
