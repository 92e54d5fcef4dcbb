// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"
#include "weather.hpp"

#include <algorithm>
#include <thread>

namespace nemesis {
namespace {

using namespace std::chrono_literals;

constexpr int most_rounds = 10;
constexpr int generous_seconds = 60;  // of a run without competition

// Exits that another run may repair.
const std::set<int> passing = {10, 11, 13, 15, 69, 75};

class Settling {
 public:
  Settling(Fleet& fleet, Findings& findings) : fleet_(fleet), findings_(findings) {}

  std::vector<int> run() {
    wait_for_actions();
    if (uses_kubernetes(fleet_.storm())) {
      expire_leases(fleet_.world(), "");  // of runs that were killed; nobody runs now
    }
    exits_.assign(fleet_.members().size(), -1);
    for (int round = 0; round < most_rounds; ++round) {
      const auto left = unsettled();
      if (left.empty()) {
        break;
      }
      run_on(left);
    }
    for (const std::size_t member : unsettled()) {
      findings_.require(false, "{} does not settle: its last run ended with {}", name(member),
                        exits_[member]);
    }
    run_once_more();
    return exits_;
  }

 private:
  const std::string& name(std::size_t member) const {
    return fleet_.members().at(member).droplet.name;
  }

  // Waits for the effects of requests before the end of the storm.
  void wait_for_actions() {
    for (int tries = 0; tries < 600; ++tries) {
      const Json addresses = fleet_.world().sim("GET", "/world").at("addresses");
      if (std::ranges::none_of(addresses, [](const Json& entry) { return entry.at("locked"); })) {
        return;
      }
      std::this_thread::sleep_for(100ms);
    }
    findings_.require(false, "an address stays locked");
  }

  bool is_one_free() {
    const Json addresses = fleet_.world().sim("GET", "/world").at("addresses");
    for (int number = 1; number <= fleet_.storm().addresses; ++number) {
      const Json& entry = addresses.at(address_of(number));
      if (entry.at("region") == "nyc3" && entry.at("droplet").is_null()) {
        return true;
      }
    }
    return false;
  }

  std::vector<std::size_t> unsettled() {
    const bool one_is_free = is_one_free();
    std::vector<std::size_t> left;
    for (std::size_t member = 0; member < exits_.size(); ++member) {
      const bool possible = fleet_.members()[member].possible();
      const bool settled = possible ? exits_[member] == 0 || (exits_[member] == 10 && !one_is_free)
                                    : exits_[member] == 78;
      if (!settled) {
        left.push_back(member);
      }
    }
    return left;
  }

  void run_on(const std::vector<std::size_t>& members) {
    const std::size_t before = fleet_.ended().size();
    for (const std::size_t member : members) {
      fleet_.start(member, {{"timeout_seconds", generous_seconds}});
    }
    fleet_.wait();
    for (std::size_t run = before; run < fleet_.ended().size(); ++run) {
      const Ended& ended = fleet_.ended()[run];
      const bool possible = fleet_.members()[ended.member].possible();
      exits_[ended.member] = ended.run.exit;
      findings_.require(ended.run.exit == 0 ||
                            (possible ? passing.contains(ended.run.exit) : ended.run.exit == 78),
                        "{}: after the storm a run ended with {}: {}", ended.droplet.name,
                        ended.run.exit, ended.run.err);
    }
  }

  // A run with everything right costs no request to DigitalOcean.
  void run_once_more() {
    const std::size_t before = fleet_.ended().size();
    for (std::size_t member = 0; member < exits_.size(); ++member) {
      fleet_.start(member, {{"timeout_seconds", generous_seconds}});
    }
    fleet_.wait();
    for (std::size_t run = before; run < fleet_.ended().size(); ++run) {
      const Ended& ended = fleet_.ended()[run];
      findings_.require(ended.run.exit == exits_[ended.member],
                        "{}: once more, and a run ended with {} instead of {}: {}",
                        ended.droplet.name, ended.run.exit, exits_[ended.member], ended.run.err);
      if (ended.run.exit == 0 && ended.result.is_object()) {
        findings_.require(ended.result.at("result") == "unchanged" &&
                              ended.result.at("requests").at("digitalocean") == 0,
                          "{}: once more, and there was something to do: {}", ended.droplet.name,
                          ended.result.dump());
      }
    }
  }

  Fleet& fleet_;
  Findings& findings_;
  std::vector<int> exits_ = {};  // -1: has not run yet
};

}  // namespace

std::vector<int> settle(Fleet& fleet, Findings& findings) {
  return Settling(fleet, findings).run();
}

}  // namespace nemesis
