// SPDX-License-Identifier: Apache-2.0
// The whole command in memory: what it asks, and that it writes nothing.
#include "app/commands.hpp"
#include "app/doctor/doctor.hpp"
#include "support/rig.hpp"
#include "unit/doctor_facts.hpp"
#include "unit/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using app::Diagnosis;
using core::Exit;
using core::Verdict;
using nlohmann::json;

namespace {

// A droplet with its own files in place of the host's.
struct Patient : support::Rig {
  unit::TemporaryFolder folder = {};

  explicit Patient(support::Topology topology = support::Topology::classic) : Rig(topology) {
    converge(topology);
    cloud.provider_id = "digitalocean://758604990";
    invocation.command = app::Command::doctor;
    invocation.root = folder.path("");
    invocation.root.pop_back();
    write("/sys/class/dmi/id/sys_vendor", "DigitalOcean\n");
    write("/run/systemd/system/x", "");
  }

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = invocation.root + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  Diagnosis look() {
    forget();
    return app::doctor(system, invocation);
  }

  core::Check check(const std::string& name) { return unit::by_name(look().checks).at(name); }
};

}  // namespace

TEST_CASE("doctor: a healthy droplet, with few requests and none that writes") {
  Patient patient;
  const Diagnosis found = patient.look();
  for (const core::Check& check : found.checks) {
    CAPTURE(std::string(check.name));
    CAPTURE(check.found);
    const bool hidden = check.name == "pool-size";  // the Role does not list nodes
    const Verdict wanted = hidden                 ? Verdict::unknown
                           : check.name == "smtp" ? Verdict::note
                                                  : Verdict::ok;
    CHECK(core::name_of(check.verdict) == core::name_of(wanted));
  }
  CHECK(found.ending.exit == Exit::ok);
  CHECK(patient.kernel.changes.empty());
  int reviews = 0;
  for (const io::Request& request : patient.http.sent) {
    CAPTURE(request.url);
    CHECK(request.tries == io::Tries::one);
    if (request.method == "POST") {
      CHECK(request.url.ends_with("/selfsubjectaccessreviews"));
      ++reviews;
    } else {
      CHECK(request.method == "GET");
    }
  }
  CHECK(reviews == 7);
  CHECK(support::api_calls(patient.http).size() == 2);
  CHECK(patient.http.sent.size() == 13);
  CHECK(patient.cloud.events.empty());
  CHECK(patient.cloud.leases.empty());
}

TEST_CASE("doctor: each server that is silent is told, and the others still are asked") {
  using Failing = std::pair<io::Server, std::string>;
  for (const auto& [server, name] :
       {Failing{io::Server::metadata, "droplet"}, Failing{io::Server::digitalocean, "digitalocean"},
        Failing{io::Server::kubernetes, "kubernetes"}}) {
    CAPTURE(name);
    Patient patient;
    patient.cloud.fault = [silent = server](const io::Request& request) {
      return request.server == silent ? std::optional(support::no_reply()) : std::nullopt;
    };
    const Diagnosis found = patient.look();
    CHECK(found.ending.exit == Exit::unavailable);
    for (const core::Check& check : found.checks) {
      CAPTURE(std::string(check.name));
      CHECK((check.verdict == Verdict::problem) == (check.name == name));
    }
    CHECK(found.requests[static_cast<std::size_t>(server)] == 1);
  }
}

TEST_CASE("doctor: while the anchor is dead, the servers are asked from the public address") {
  Patient patient;
  patient.cloud.addresses[support::first_choice].holder = support::other_droplet;
  const Diagnosis found = patient.look();
  const auto checks = unit::by_name(found.checks);
  CHECK(checks.at("digitalocean").verdict == Verdict::ok);
  CHECK(checks.at("kubernetes").verdict == Verdict::ok);
  CHECK(checks.at("node-label").verdict == Verdict::warning);
  CHECK(patient.kernel.changes.empty());
}

TEST_CASE("doctor: a token that cannot be read, that is refused, that lacks a scope") {
  Patient patient;
  const auto answer = [&](long status) {
    patient.cloud.fault = [status](const io::Request& request) {
      return request.server == io::Server::digitalocean
                 ? std::optional(support::json_reply("{}", status))
                 : std::nullopt;
    };
  };
  answer(401);
  CHECK(patient.check("token").verdict == Verdict::problem);
  CHECK(patient.check("token-scopes").verdict == Verdict::unknown);
  answer(403);
  CHECK(patient.check("token").verdict == Verdict::ok);
  CHECK(patient.check("token-scopes").verdict == Verdict::problem);
  answer(429);
  CHECK(patient.check("digitalocean").exit == Exit::try_again);
  patient.cloud.fault = {};
  patient.cloud.shows_droplets = false;
  CHECK(patient.check("token-scopes").exit == Exit::no_permission);
  patient.invocation.digitalocean.token = []() -> cloud::Secret {
    throw core::Error(Exit::config, "no DigitalOcean token");
  };
  CHECK(patient.check("token").verdict == Verdict::problem);
  CHECK(support::api_calls(patient.http).empty());
}

TEST_CASE("doctor: Kubernetes that refuses the token, the Node, or has none") {
  Patient patient;
  const auto answer = [&](long status) {
    patient.cloud.fault = [status](const io::Request& request) {
      return request.url.ends_with("/nodes/pool-egress-8b870")
                 ? std::optional(support::json_reply("{}", status))
                 : std::nullopt;
    };
    return unit::by_name(patient.look().checks);
  };
  CHECK(answer(401).at("kubernetes").exit == Exit::no_permission);
  CHECK(answer(403).at("kubernetes").verdict == Verdict::ok);
  CHECK(answer(403).at("node").verdict == Verdict::unknown);
  CHECK(answer(404).at("node").exit == Exit::gate_failed);
  CHECK(answer(500).at("kubernetes").exit == Exit::unavailable);
}

TEST_CASE("doctor: the clock is held against a reply over https") {
  Patient patient;
  patient.cloud.afterwards = [](const io::Request& request, support::Reply& reply) {
    if (request.server == io::Server::digitalocean) {
      std::get<io::Response>(reply).headers["date"] = "Tue, 14 Nov 2023 22:03:20 GMT";
    }
  };
  const core::Check check = patient.check("clock");
  CHECK(check.verdict == Verdict::warning);
  CHECK(check.found == "the clock is 600 s ahead of DigitalOcean's");
}

TEST_CASE("doctor: what the host's files say") {
  Patient patient;
  patient.write("/proc/sys/net/ipv4/ip_local_port_range", "40000 60999\n");
  for (const std::string name : {"udp", "udp6"}) {
    patient.write("/proc/net/" + name,
                  "  1: 00000000:" + std::string(name == "udp" ? "7D00" : "01F4") +
                      " 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 7 2 0 0\n");
  }
  CHECK(patient.check("udp-services").found.find("port 500, 32000") != std::string::npos);
  patient.write("/sys/class/dmi/id/sys_vendor", "QEMU\n");
  patient.cloud.fault = [](const io::Request& request) {
    return request.server == io::Server::metadata ? std::optional(support::no_reply())
                                                  : std::nullopt;
  };
  CHECK(patient.check("droplet").exit == Exit::config);
}

TEST_CASE("doctor: networkd, where it runs, and by all its files") {
  Patient patient;
  CHECK(patient.check("networkd").verdict == Verdict::ok);
  patient.write("/run/systemd/netif/state", "");
  CHECK(patient.check("networkd").verdict == Verdict::warning);
  patient.write("/usr/lib/systemd/networkd.conf.d/50-x.conf",
                "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n");
  CHECK(patient.check("networkd").verdict == Verdict::ok);
  patient.write(fmt::format("/run/systemd/netif/links/{}", support::eth0),
                "NETWORK_FILE=/etc/systemd/network/public.network\n");
  CHECK(patient.check("networkd").found.find("takes the addresses") != std::string::npos);
  patient.write("/etc/systemd/network/public.network.d/a.conf",
                "[Network]\nKeepConfiguration=static\n");
  CHECK(patient.check("networkd").verdict == Verdict::ok);
  patient.write("/etc/systemd/networkd.conf.d/60-y.conf", "[Network]\nManageForeignRoutes=yes\n");
  CHECK(patient.check("networkd").found.find("removes routes that") != std::string::npos);
  patient.write("/etc/systemd/networkd.conf.d/50-x.conf", "");
  CHECK(patient.check("networkd").found.find("routes and rules") != std::string::npos);
  std::filesystem::remove_all(patient.invocation.root + "/run");
  CHECK(patient.check("networkd").verdict == Verdict::unknown);
}

TEST_CASE("doctor: a signal ends it") {
  Patient patient;
  patient.cloud.fault = [&](const io::Request&) -> std::optional<support::Reply> {
    return support::Reply(core::Error(Exit::terminated, "ended by SIGTERM"));
  };
  CHECK(patient.look().ending.exit == Exit::terminated);
}

TEST_CASE("doctor: text and JSON say the same, and the kubelet gets what it can take") {
  Patient patient;
  patient.invocation.config.pool.push_back(support::not_in_pool);
  const app::Report text = app::execute(patient.system, patient.invocation);
  CHECK(text.termination_message.empty());  // not requested
  patient.invocation.output = app::Output::json;
  patient.invocation.termination_log = "/dev/termination-log";
  const app::Report report = app::execute(patient.system, patient.invocation);
  CHECK(report.exit == Exit::config);
  const json document = json::parse(report.output);
  CHECK(document.at("schema") == 1);
  CHECK(document.at("command") == "doctor");
  CHECK(document.at("node") == "pool-egress-8b870");
  CHECK(document.at("exit") == json{{"code", 78}, {"name", "config"}, {"retry", false}});
  CHECK(document.at("error").at("hint") == report.ending.hint);
  CHECK(document.at("requests").at("metadata") == 2);  // of both runs
  for (const json& check : document.at("checks")) {
    const std::string verdict = check.at("verdict");
    const std::string line =
        fmt::format("{:<8} {:<16} {}\n", verdict, check.at("name").get<std::string>(),
                    check.at("found").get<std::string>());
    const bool shown = verdict == "problem" || verdict == "warning";
    CHECK_MESSAGE((text.output.find(line) != std::string::npos) == shown, line);
  }
  CHECK(text.output.find("  take them out of the pool") != std::string::npos);
  CHECK(text.output.find("\nfailed: config (78): 1 problem, 0 warnings; ") != std::string::npos);
  CHECK(report.termination_message.size() <= 4096);
  CHECK(json::parse(report.termination_message).at("exit") == document.at("exit"));
  CHECK(report.termination_message.find("pool-account") != std::string::npos);
}
