// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/doctor.hpp"

#include "app/doctor/bundle.hpp"
#include "app/doctor/facts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace app {
namespace {

using core::Verdict;
using Json = nlohmann::ordered_json;

auto count(const Diagnosis& diagnosis, Verdict verdict) {
  return std::ranges::count(diagnosis.checks, verdict, &core::Check::verdict);
}

std::string counted(std::ptrdiff_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

// What the checks that were not run need: " (need metadata)".
std::string missing(const Diagnosis& diagnosis) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> servers = {
      {{"droplet", "metadata"},
       {"digitalocean", "DigitalOcean"},
       {"token", "a token"},
       {"kubernetes", "Kubernetes"}}};
  std::string needs;
  for (const core::Check& check : diagnosis.checks) {
    const auto* server = std::ranges::find(servers, check.name,
                                           &std::pair<std::string_view, std::string_view>::first);
    if (check.verdict == Verdict::problem && server != servers.end()) {
      needs += fmt::format("{}{}", needs.empty() ? "" : ", ", server->second);
    }
  }
  return needs.empty() ? "" : fmt::format(" (need {})", needs);
}

std::string conclusion(const Diagnosis& diagnosis) {
  const core::ExitFacts& facts = core::facts_of(diagnosis.ending.exit);
  const auto unknown = count(diagnosis, Verdict::unknown);
  return fmt::format(
      "{}: {}, {}; {} passed{}",
      facts.exit == core::Exit::ok
          ? "ok"
          : fmt::format("failed: {} ({})", facts.name, static_cast<int>(facts.exit)),
      counted(count(diagnosis, Verdict::problem), "problem"),
      counted(count(diagnosis, Verdict::warning), "warning"),
      counted(count(diagnosis, Verdict::ok), "check"),
      unknown == 0 ? "" : fmt::format(", {} not run{}", unknown, missing(diagnosis)));
}

// The worst first.
std::string lines_of(const Diagnosis& diagnosis, Verdict verdict) {
  std::string text;
  for (const core::Check& check : diagnosis.checks) {
    if (check.verdict != verdict) {
      continue;
    }
    text += fmt::format("{:<8} {:<16} {}\n", core::name_of(verdict), check.name, check.found);
    if (!check.remedy.empty()) {
      text += fmt::format("{:<25} {}\n", "", check.remedy);
    }
  }
  return text;
}

}  // namespace

Diagnosis doctor(System& system, const Invocation& invocation) {
  Diagnosis diagnosis{.node = invocation.config.node_name};
  const auto failure = core::catch_error([&] {
    std::vector<Exchange> exchanges;
    const core::Examination facts = gather_facts(system, invocation, exchanges);
    diagnosis.checks = core::diagnose(facts);
    diagnosis.ending = core::conclude(diagnosis.checks);
    if (!invocation.bundle.empty()) {
      write_bundle(invocation.bundle, render_bundle(system, invocation, facts, exchanges,
                                                    render_text(diagnosis, Reasons::show)));
      diagnosis.bundle = invocation.bundle;
    }
  });
  if (failure) {
    diagnosis.ending = {failure->exit(), failure->what(), failure->hint()};
  }
  diagnosis.requests = system.http.counts();
  diagnosis.elapsed = system.clock.elapsed();
  return diagnosis;
}

std::string render_text(const Diagnosis& diagnosis, Reasons reasons) {
  std::string text = lines_of(diagnosis, Verdict::problem) + lines_of(diagnosis, Verdict::warning);
  if (reasons == Reasons::show) {
    for (const Verdict verdict : {Verdict::unknown, Verdict::note, Verdict::skipped, Verdict::ok}) {
      text += lines_of(diagnosis, verdict);
    }
  }
  text += conclusion(diagnosis) + "\n";
  return diagnosis.bundle.empty()
             ? text
             : text + fmt::format("bundle: {}; read it before you send it to somebody\n",
                                  diagnosis.bundle);
}

std::string render_json(const Diagnosis& diagnosis) {
  const core::ExitFacts& facts = core::facts_of(diagnosis.ending.exit);
  Json checks = Json::array();
  for (const core::Check& check : diagnosis.checks) {
    checks.push_back({{"name", check.name},
                      {"verdict", core::name_of(check.verdict)},
                      {"found", check.found},
                      {"remedy", check.remedy}});
  }
  Json error = nullptr;
  if (diagnosis.ending.exit != core::Exit::ok) {
    error = {{"message", diagnosis.ending.message}, {"hint", diagnosis.ending.hint}};
  }
  const Json document = {
      {"schema", 1},
      {"command", "doctor"},
      {"version", DO_EGRESS_IP_VERSION},
      {"node", diagnosis.node},
      {"exit",
       {{"code", static_cast<int>(facts.exit)}, {"name", facts.name}, {"retry", facts.retry}}},
      {"checks", checks},
      {"bundle", diagnosis.bundle.empty() ? Json(nullptr) : Json(diagnosis.bundle)},
      {"error", error},
      {"requests",
       {{"digitalocean", diagnosis.requests.at(0)},
        {"metadata", diagnosis.requests.at(1)},
        {"kubernetes", diagnosis.requests.at(2)}}},
      {"elapsed_seconds", static_cast<double>(diagnosis.elapsed.count()) / 1000}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace app
