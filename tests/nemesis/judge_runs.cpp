// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"

#include <csignal>

namespace nemesis {
namespace {

// A run that gets a signal early may print nothing.
bool was_ended(const Ended& run) {
  return run.run.exit == 128 + SIGKILL || (run.signalled && run.run.exit == 128 + *run.signalled);
}

// The exits that a storm may cause; never a usage error or a crash.
bool is_known(int exit) {
  static const std::set<int> known = {0, 10, 11, 12, 13, 14, 15, 69, 70, 71, 75, 77, 78, 130, 143};
  return known.contains(exit);
}

// A claim's reads and waits, with every unlisted address read by itself.
int most_requests(const Storm& storm) {
  const int lists = 4 * (1 + static_cast<int>(storm.byoip.size()) + storm.addresses / 3);
  return 60 + lists;
}

}  // namespace

void judge_runs(const Fleet& fleet, Findings& findings) {
  for (const Ended& run : fleet.ended()) {
    if (was_ended(run) || run.how.contains("kill_after_change")) {
      continue;
    }
    const std::string& name = run.droplet.name;
    findings.require(is_known(run.run.exit), "{}: a run ended with {}: {}", name, run.run.exit,
                     run.run.err);
    findings.require(!run.result.is_null(), "{}: a run that ended with {} printed no result: {}",
                     name, run.run.exit, run.run.out);
    if (run.result.is_null()) {
      continue;
    }
    findings.require(run.result.at("exit").at("code") == run.run.exit,
                     "{}: a run ended with {} and said {}", name, run.run.exit,
                     run.result.at("exit").dump());
    const int requests = run.result.at("requests").at("digitalocean");
    findings.require(requests <= most_requests(fleet.storm()),
                     "{}: a run sent {} requests to DigitalOcean", name, requests);
  }
}

}  // namespace nemesis
