// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace nemesis {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t most_running = 8;  // for two cores and parallel storms
constexpr auto longest_run = 5min;       // even on a busy machine
constexpr auto pause = 5ms;

// Foreign droplets, which hold or will hold a pool address each.
constexpr std::int64_t first_foreign_id = 900'000'001;

std::string option(const char* name, const std::string& more) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? more : fmt::format("{}:{}", value, more);
}

Json foreign(int number) {
  const auto nic = [&](const char* network) {
    return Json{{"ip", fmt::format("{}.{}", network, number)},
                {"netmask", "255.255.255.0"},
                {"gateway", fmt::format("{}.254", network)}};
  };
  return {{"name", fmt::format("foreign-{}", number)},
          {"public", nic("100.64.0")},
          {"anchor", nic("100.65.0")}};
}

void add(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

// Options of reconcile only.
std::vector<std::string> reconcile_options(const Storm& storm) {
  std::vector<std::string> words;
  if (storm.keeping == Keeping::lease) {
    add(words, {"--lock", "lease"});
  }
  if (storm.verified) {
    add(words, {"--verify-url", "https://192.0.2.1/"});
  }
  return words;
}

std::string in_words(const Ended& run) {
  std::string text = run.result.is_null() ? run.run.out : run.result.dump();
  for (const std::string& line : support::lines_with(run.run.err, "")) {
    text += "\n             " + line;
  }
  return fmt::format("{} ended with {}{}: {}", run.droplet.name, run.run.exit,
                     run.signalled ? ", signalled" : "", text);
}

}  // namespace

bool Fleet::Member::possible() const {
  return topology != "no-anchor" && topology != "anchor-unconfigured" &&
         topology != "two-anchors" && topology != "no-public";
}

Fleet::Fleet(const Storm& storm, Trace& trace) : storm_(storm), trace_(trace) {
  world_.pool("198.51.100.1-" + std::to_string(storm.addresses));
  world_.sim("POST", "/addresses",
             {{"addresses", {"198.51.100.201", "198.51.100.202", "198.51.100.203"}}});
  for (const int number : storm.byoip) {
    world_.sim("PUT", "/addresses/" + address_of(number), {{"byoip", true}});
  }
  for (const int number : storm.abroad) {
    world_.sim("PUT", "/addresses/" + address_of(number), {{"region", "ams3"}});
  }
  world_.settings(storm.settings);
  add_foreigners();
  leave_leases();
  for (const std::string& topology : storm.topologies) {
    members_.push_back(make(fmt::format("node-{}", ++names_), topology));
  }
  world_.forget_requests();
}

void Fleet::add_foreigners() {
  int count = 0;
  const auto next = [&] {
    const std::int64_t id = first_foreign_id + count++;
    world_.sim("PUT", fmt::format("/droplets/{}", id), foreign(count));
    return id;
  };
  thief_ = next();
  for (const int number : storm_.taken) {
    world_.sim("POST", "/assign/" + address_of(number), {{"droplet", next()}});
  }
}

void Fleet::leave_leases() {
  const std::int64_t offset = storm_.settings.value("clock_offset_ms", std::int64_t{0});
  for (const Json& lease : storm_.leases) {
    const std::int64_t now = lease.at("expired") ? 0 : (wall_ms() + offset) / 1000;
    const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000Z", fmt::gmtime(now));
    world_.sim("PUT", "/leases/do-egress-ip/do-egress-ip-" + address_of(lease.at("address")),
               {{"spec",
                 {{"holderIdentity", "gone"},
                  {"leaseDurationSeconds", 8},
                  {"acquireTime", time},
                  {"renewTime", time},
                  {"leaseTransitions", 0}}}});
  }
}

Fleet::Member Fleet::make(const std::string& name, const std::string& topology) {
  Member member{.droplet = world_.droplet(name, topology), .topology = topology};
  member.snapshot = world_.snapshot(member.droplet);
  everybody_[member.droplet.id] = name;
  if (storm_.gated) {  // as DigitalOcean's node pools do for new nodes
    world_.sim("PUT", "/nodes/" + name,
               {{"taints", Json::array({{{"key", gate_key}, {"effect", "NoSchedule"}}})}});
  }
  return member;
}

support::Command Fleet::command(const Member& member, const Json& how) const {
  support::Variables changes;
  if (how.contains("clock_offset")) {
    changes["LD_PRELOAD"] = CLOCK_JUMP;
    changes["CLOCK_JUMP_SECONDS"] = std::to_string(how.at("clock_offset").get<int>());
    changes["CLOCK_JUMP_AFTER_MS"] = std::to_string(how.at("clock_after_ms").get<int>());
    changes["ASAN_OPTIONS"] = option("ASAN_OPTIONS", "verify_asan_link_order=0");
  }
  if (how.contains("kill_after_change")) {
    changes["ASAN_OPTIONS"] = option("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0");
  }
  if (storm_.named && std::filesystem::exists("/etc/resolv.conf")) {
    changes["DIGITALOCEAN_API_URL"] = "https://api.digitalocean.com";
  }
  support::Command command = world_.tool(member.droplet, {}, changes);
  const int timeout = how.value("timeout_seconds", storm_.timeout_seconds);
  add(command.words, {"--output", "json", "--timeout", fmt::format("{}s", timeout)});
  if (!uses_kubernetes(storm_)) {
    add(command.words, {"--kubernetes", "off"});
  }
  if (storm_.gated) {
    add(command.words, {"--gate-taint", gate_key + ":NoSchedule"});
  }
  add(command.words, how.value("release", false) ? std::vector<std::string>{"release"}
                                                 : reconcile_options(storm_));
  if (how.value("dry_run", false)) {
    add(command.words, {"--dry-run"});
  }
  if (how.contains("kill_after_change")) {
    const std::vector<std::string> before = {
        NEMESIS, "kill-after-change", std::to_string(how.at("kill_after_change").get<int>())};
    command.words.insert(command.words.begin(), before.begin(), before.end());
  }
  return how.value("contained", false) ? world_.contained(member.droplet, command) : command;
}

void Fleet::start(std::size_t member, const Json& how) {
  while (running_.size() >= most_running) {
    step();
    std::this_thread::sleep_for(pause);
  }
  const Member& there = members_.at(member);
  trace_.note(fmt::format("{} runs {}", there.droplet.name, how.dump()));
  running_.push_back(
      {.so_far = {.member = member, .droplet = there.droplet, .how = how, .started_ms = wall_ms()},
       .child = support::Child(command(there, how)),
       .began = steady_clock::now()});
}

void Fleet::send_signals(Running& running) {
  const Json signals = running.so_far.how.value("signals", Json::array());
  for (; running.signals < signals.size(); ++running.signals) {
    const Json& next = signals[running.signals];
    if (steady_clock::now() < running.began + Millis{next[0].get<int>()}) {
      return;
    }
    const int signal = next[1];
    running.child.signal(signal);
    if (signal != SIGSTOP && signal != SIGCONT) {
      running.so_far.signalled = signal;
    }
  }
}

void Fleet::finish(Running& running, support::Run run) {
  Ended& ended = running.so_far;
  ended.ended_ms = wall_ms();
  ended.run = std::move(run);
  ended.result = Json::parse(ended.run.out, nullptr, false);
  if (ended.result.is_discarded()) {
    ended.result = nullptr;
  }
  trace_.note(in_words(ended));
  ended_.push_back(std::move(ended));
}

void Fleet::step() {
  for (auto running = running_.begin(); running != running_.end();) {
    if (auto run = running->child.poll()) {
      finish(*running, std::move(*run));
      running = running_.erase(running);
      continue;
    }
    send_signals(*running);
    if (steady_clock::now() > running->began + longest_run) {
      throw std::runtime_error(running->so_far.droplet.name + ": a run does not end");
    }
    ++running;
  }
}

void Fleet::wait() {
  while (!running_.empty()) {
    step();
    std::this_thread::sleep_for(pause);
  }
}

bool Fleet::is_busy(std::size_t member) const {
  return std::ranges::any_of(
      running_, [&](const Running& running) { return running.so_far.member == member; });
}

bool Fleet::is_releasing(std::size_t member) const {
  return std::ranges::any_of(running_, [&](const Running& running) {
    return running.so_far.member == member && running.so_far.how.value("release", false);
  });
}

void Fleet::replace(std::size_t member, bool same_name) {
  Member& there = members_.at(member);
  world_.lab({"destroy", there.droplet.name});
  const std::string name = same_name ? there.droplet.name : fmt::format("node-{}", ++names_);
  there = make(name, there.topology);
}

std::int64_t Fleet::earliest_start(std::int64_t droplet, std::int64_t at_ms) const {
  std::int64_t earliest = at_ms;
  for (const Ended& run : ended_) {
    const bool late = run.ended_ms + 10'000 < at_ms;  // a request may be served after its run died
    if (run.droplet.id == droplet && !late) {
      earliest = std::min(earliest, run.started_ms);
    }
  }
  return earliest;
}

}  // namespace nemesis
