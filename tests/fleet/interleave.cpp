// SPDX-License-Identifier: Apache-2.0
#include "fleet/interleave.hpp"

#include "fleet/fleet.hpp"
#include "fleet/node.hpp"
#include "support/builders.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <vector>

namespace fleet {
namespace {

struct Killed {};  // what nothing in the program catches

// Walks through all choices, depth first: what was chosen is chosen again, but for the last.
class Choices {
 public:
  std::size_t choose(std::size_t options) {
    if (at_ == taken_.size()) {
      taken_.push_back({0, options});
    }
    return taken_.at(at_++).chosen;
  }
  bool next() {
    at_ = 0;
    while (!taken_.empty() && taken_.back().chosen + 1 == taken_.back().options) {
      taken_.pop_back();
    }
    return !taken_.empty() && ++taken_.back().chosen > 0;
  }

 private:
  struct Choice {
    std::size_t chosen, options;
  };
  std::vector<Choice> taken_ = {};
  std::size_t at_ = 0;
};

// What a request is about, as far as that is shared; nothing where it is nobody else's.
struct Access {
  std::string object;
  bool writes;
};

// A node's own metadata and Node are nothing to the other, and Events to nobody.
std::optional<Access> shared_access(const std::string& node, const io::Request& request) {
  const bool writes = request.method != "GET";
  if (request.server == io::Server::digitalocean) {
    return Access{"addresses", writes};
  }
  if (request.url.find("/leases") != std::string::npos) {
    return Access{"leases", writes};
  }
  const bool of_a_node = request.url.find("/nodes/") != std::string::npos;
  return of_a_node && (writes || !request.url.ends_with(node))
             ? std::optional(Access{request.url, writes})
             : std::nullopt;
}

bool in_either_order(const Access& one, const Access& other) {
  return one.object != other.object || (!one.writes && !other.writes);
}

enum class Turn { active, waiting, may_go, ended };

class Trial {
 public:
  Trial(int addresses, bool kills, Choices& choices) : may_kill_(kills), choices_(choices) {
    const Scenario scenario{.nodes = 2, .action_latency = Duration{0}};
    furnish(shared_, scenario);
    instruct(shared_, scenario);
    shared_.kernel.network = support::booted(support::Topology::classic);
    shared_.world.settings.enforce_limits = false;
    auto& pool = shared_.invocation.config.pool;
    for (; pool.size() > static_cast<std::size_t>(addresses); pool.pop_back()) {
      shared_.world.addresses.erase(pool.back().to_string());
    }
    shared_.before_effect = [this](sim::DropletId droplet, const io::Request& request) {
      before(static_cast<std::size_t>(droplet - first_droplet), request);
    };
  }

  void run(Interleavings& found) {
    start(0, 0);
    start(1, 0);
    shared_.fibers.run_while([] { return true; });
    if (redundant_) {
      return;
    }
    ++found.tried;
    found.with_a_kill += killed_ ? 1 : 0;
    settling_ = true;
    const Millis after_the_leases = shared_.fibers.now() + 200'000;
    for (const Millis time : {shared_.fibers.now(), after_the_leases}) {
      start(0, time);
      start(1, time + 100'000);
    }
    shared_.fibers.run_while([] { return true; });
    check_end();
    if (!wrong_.empty()) {
      found.wrong.insert(fmt::format("{}: {}", wrong_, order_));
    }
  }

 private:
  static std::string name_of(std::size_t node) { return fmt::format("egress-{}", node); }
  static sim::DropletId droplet_of(std::size_t node) {
    return first_droplet + static_cast<sim::DropletId>(node);
  }

  void start(std::size_t node, Millis time) {
    shared_.fibers.at(time, [this, node] {
      states_.at(node) = Turn::active;
      try {
        run_program(shared_, droplet_of(node), name_of(node), [] { return 0.5; });
      } catch (const Killed&) {
      }
      states_.at(node) = Turn::ended;
    });
  }

  void before(std::size_t node, const io::Request& request) {
    const auto access = shared_access(name_of(node), request);
    if (!settling_ && access) {
      if (may_kill_ && !killed_ && choices_.choose(2) == 1) {
        killed_ = true;
        order_ += fmt::format(" {}:killed", node);
        throw Killed{};
      }
      wait_for_turn(node, *access);
      order_ += fmt::format(" {}:{}", node, request.method);
    }
    watch(node, request);
  }

  void wait_for_turn(std::size_t node, const Access& access) {
    waiting_for_.at(node) = access;
    Turn& state = states_.at(node);
    for (state = Turn::waiting; state == Turn::waiting;) {
      const Turn other = states_.at(1 - node);
      if (other == Turn::waiting || other == Turn::ended) {
        decide();
      }
      if (redundant_) {
        throw Killed{};
      }
      if (state == Turn::waiting) {
        shared_.fibers.sleep_until(shared_.fibers.now() + 1);
      }
    }
    state = Turn::active;
  }

  // Who goes first, where that makes a difference. Node 0 was first in an earlier trial where node
  // 1 is now; until that one does what concerns the other's request, nothing would be different.
  void decide() {
    const bool both = states_[0] == Turn::waiting && states_[1] == Turn::waiting;
    if (!both) {
      redundant_ = passed_over_ && states_[0] == Turn::waiting;
      (states_[0] == Turn::waiting ? states_[0] : states_[1]) = Turn::may_go;
      return;
    }
    if (!passed_over_ && choices_.choose(2) == 0) {
      states_[0] = Turn::may_go;
      return;
    }
    passed_over_ = in_either_order(*waiting_for_[0], *waiting_for_[1]);
    states_[1] = Turn::may_go;
  }

  // What must never be: at each request, the state that those before it made.
  void watch(std::size_t node, const io::Request& request) {
    check_labels();
    const std::string prefix = "/v2/reserved_ips/";
    const auto at = request.url.find(prefix);
    if (request.method != "POST" || at == std::string::npos) {
      return;
    }
    const std::string ip =
        request.url.substr(at + prefix.size(), request.url.rfind('/') - at - prefix.size());
    const auto holder = shared_.world.addresses.at(ip).droplet;
    if (holder && *holder != droplet_of(node)) {
      add_wrong(fmt::format("{} asks for {}, which the other holds", node, ip));
    }
    const auto& held = shared_.world.held_by(droplet_of(node));
    if (!held.empty() && !held.contains(ip)) {
      add_wrong(fmt::format("{} asks for {}, and holds another", node, ip));
    }
  }

  std::optional<std::string> labelled(std::size_t node) {
    const sim::Json labels =
        shared_.world.kube.find({"nodes", "", name_of(node)})->at("metadata").at("labels");
    const core::Config& config = shared_.invocation.config;
    return labels.value(config.enabled_label, "") == "true"
               ? std::optional(labels.value(config.address_label, ""))
               : std::nullopt;
  }

  void check_labels() {
    for (std::size_t node = 0; node < states_.size(); ++node) {
      const auto ip = labelled(node);
      if (ip && !shared_.world.held_by(droplet_of(node)).contains(*ip)) {
        add_wrong(fmt::format("the label of {} lies", node));
      }
    }
  }

  void check_end() {
    check_labels();
    std::size_t holders = 0;
    for (std::size_t node = 0; node < states_.size(); ++node) {
      const std::size_t held = shared_.world.held_by(droplet_of(node)).size();
      holders += held;
      if (held > 1 || (held == 1) != labelled(node).has_value()) {
        add_wrong(fmt::format("{} holds {} in the end, and its label says otherwise", node, held));
      }
    }
    if (holders != shared_.invocation.config.pool.size()) {
      add_wrong(fmt::format("{} addresses are held in the end", holders));
    }
    if (!shared_.world.thefts.empty()) {
      add_wrong("an address was stolen");
    }
  }

  void add_wrong(const std::string& what) {
    if (wrong_.find(what) == std::string::npos) {
      wrong_ += (wrong_.empty() ? "" : "; ") + what;
    }
  }

  Shared shared_;
  bool may_kill_;
  Choices& choices_;
  std::array<Turn, 2> states_ = {Turn::active, Turn::active};
  std::array<std::optional<Access>, 2> waiting_for_ = {};
  bool passed_over_ = false;
  bool redundant_ = false;
  bool settling_ = false;
  bool killed_ = false;
  std::string order_ = {};
  std::string wrong_ = {};
};

}  // namespace

Interleavings interleave(int addresses, bool kills) {
  Interleavings found;
  Choices choices;
  do {
    Trial(addresses, kills, choices).run(found);
  } while (choices.next());
  return found;
}

}  // namespace fleet
