// SPDX-License-Identifier: Apache-2.0
#include "bench/scenarios.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

using support::Json;
using support::Run;

const std::string pool = "198.51.100.1,198.51.100.2,198.51.100.3,198.51.100.4,198.51.100.5";
const std::string name = "node-1";
const std::string files = "/run/lab/";
constexpr std::size_t place_of_program = 2;  // after nsenter and the namespace

bool is_there(const std::string& program) {
  return support::run({{"sh", "-c", "command -v " + program + " >/dev/null"}, {}}).exit == 0;
}

// Where scripts/build-image leaves it, next to the program of the .deb.
std::string program_in_image(const std::string& program) {
  return std::filesystem::path(program).parent_path() / "image/rootfs/usr/local/bin/do-egress-ip";
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Stage::Stage(std::string program) : program_(std::move(program)) {
  world_.pool("198.51.100.1-5");
  droplet_ = world_.droplet(name);
  world_.droplet("other");  // whose address shows that the token sees droplets
  with_one_ = world_.droplet("node-2");
  with_many_ = world_.droplet("node-3");
  with_cilium_ = world_.droplet("node-4", "bpf-legacy");
  world_.sim("POST", "/assign/198.51.100.4", {{"droplet", droplet_.id + 1}});
}

Subject Stage::plain(const std::string& subject, const std::vector<std::string>& words) const {
  return on(droplet_, subject, words);
}

Subject Stage::on(const support::Droplet& droplet, const std::string& subject,
                  const std::vector<std::string>& words) const {
  support::Command command = world_.tool(droplet, words);
  command.words.erase(command.words.begin() + place_of_program);
  return {.name = subject, .command = command};
}

Subject Stage::reconciler(const std::string& match) const {
  return plain(ours, {program_, "--match-string", match, "--floating-ips", pool});
}

Subject Stage::image_reconciler(const std::string& match) const {
  Subject subject = reconciler(match);
  subject.name = in_image;
  subject.command.words.at(place_of_program) = program_in_image(program_);
  return subject;
}

Subject Stage::script(const std::string& subject, const std::string& match, bool kubectl) const {
  Subject result = plain(subject, {BASELINE, match, pool});
  result.count = Subject::Count::once;  // a dozen processes keep valgrind busy
  if (kubectl) {
    result.count = Subject::Count::never;  // it cannot stand the signals of Go's runtime
    result.command.environment["KUBECTL"] = "1";
    result.command.environment["HOME"] = files;  // where it keeps a cache
  }
  return result;
}

void Stage::boot_anew(const support::Droplet& droplet) const {
  for (const std::string& address : world_.held_by(droplet)) {
    world_.sim("POST", "/unassign/" + address);
  }
  world_.sim("DELETE", "/nodes/" + droplet.name);  // and with it its Lease
  world_.sim("PUT", "/nodes/" + droplet.name,
             {{"providerID", "digitalocean://" + std::to_string(droplet.id)}});
  world_.lab({"boot", droplet.name});
}

Scenario Stage::first_claim() const {
  return {.name = "first claim",
          .subjects = {reconciler("node"), script(shell, "node")},
          .prepare = [this] { boot_anew(droplet_); }};
}

Scenario Stage::first_claim_with_cilium() const {
  return {.name = "first claim",
          .subjects = {on(with_cilium_, cilium,
                          {program_, "--match-string", "node", "--floating-ips", pool})},
          .prepare = [this] { boot_anew(with_cilium_); }};
}

Scenario Stage::steady() const {
  run_once(first_claim(), reconciler("node"));
  Scenario scenario{
      .name = "steady run",
      .subjects = {plain(floor_program, {FLOOR, "http://169.254.169.254/metadata/v1.json",
                                         "https://192.0.2.3:6443/api/v1/nodes/" + name,
                                         files + "ca.pem", files + "kube-token"}),
                   reconciler("node"), image_reconciler("node"), script(shell, "node")}};
  if (is_there("kubectl")) {
    scenario.subjects.push_back(script(shell_kubectl, "node", true));
  }
  return scenario;
}

// On a droplet that has them already.
Subject Stage::with_destinations(const std::string& subject, const support::Droplet& droplet,
                                 int count) const {
  const std::string path = files + droplet.name + ".destinations";
  std::ofstream list(path);
  for (int i = 0; i < count; ++i) {
    list << "100." << 64 + i / 256 << '.' << i % 256 << ".0/24\n";
  }
  list.close();
  return on(droplet, subject,
            {program_, "--match-string", "node", "--floating-ips", pool, "--route", "destinations",
             "--destinations-file", path});
}

Scenario Stage::destinations() const {
  Scenario scenario{.name = "destinations",
                    .subjects = {with_destinations(one_destination, with_one_, 1),
                                 with_destinations(many_destinations, with_many_, 10'000)}};
  for (const Subject& subject : scenario.subjects) {
    run_once(scenario, subject);
  }
  return scenario;
}

Scenario Stage::no_match() const {
  std::vector<Subject> programs = {reconciler("other"), image_reconciler("other")};
  for (Subject& program : programs) {
    for (const char* url : {"DIGITALOCEAN_API_URL", "DO_EGRESS_IP_KUBE_API_URL"}) {
      program.command.environment.erase(url);  // a node needs neither, and no server is asked
    }
    program.command.environment["DO_EGRESS_IP_KUBERNETES"] = "auto";
  }
  return {.name = "no match",
          .subjects = {plain(empty_program, {EMPTY}), programs[0], programs[1],
                       script(shell, "other")}};
}

Waiting measure_waiting(const Stage& stage, int runs) {
  const Scenario scenario = stage.first_claim();
  const support::World& world = stage.world();
  Waiting waiting{.latency_ms = 1'500};
  std::vector<double> tails;
  world.settings({{"action_latency_ms", waiting.latency_ms}});
  for (int run = 0; run < runs; ++run) {
    scenario.prepare();
    world.forget_requests();
    const Run result = support::run(scenario.subjects[0].command);
    const std::int64_t end = now_ms();
    const auto posts = world.journal("digitalocean", "POST");
    if (result.exit != 0 || posts.size() != 1) {
      throw std::runtime_error("a claim that waits: " + result.err);
    }
    tails.push_back(
        static_cast<double>(end - posts[0].at("at_ms").get<std::int64_t>() - waiting.latency_ms));
    waiting.calls = world.requests("digitalocean");
  }
  world.settings({{"action_latency_ms", 0}});
  waiting.tail_ms = median(tails);
  return waiting;
}

}  // namespace bench
