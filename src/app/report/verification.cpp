// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"
#include "core/text.hpp"

#include <nlohmann/json.hpp>

namespace app {
namespace {

using Json = nlohmann::ordered_json;
using Result = Outcome::Result;

// The cause of a failure is the error on stderr.
std::string conclusion(const Verification& found) {
  if (found.result == Result::skipped) {
    return fmt::format("skipped: {}\n", found.ending.message);
  }
  if (found.result == Result::failed) {
    return fmt::format("failed: {} ({})\n", core::facts_of(found.ending.exit).name,
                       static_cast<int>(found.ending.exit));
  }
  return fmt::format("ok: egress IP {}\n",
                     found.expected ? found.expected->to_string() : "unknown");
}

Json optional_text(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json address(const std::optional<core::Ipv4>& found) {
  return found ? Json(found->to_string()) : Json(nullptr);
}

Json render_sightings(const Verification& found) {
  Json services = Json::array();
  for (const core::Sighting& one : found.sightings) {
    services.push_back({{"url", one.service},
                        {"address", address(one.seen)},
                        {"error", one.problem.empty() ? Json(nullptr) : Json(one.problem)}});
  }
  return services;
}

}  // namespace

std::string render_text(const Verification& found) {
  std::string text;
  for (const core::Sighting& one : found.sightings) {
    text += fmt::format("{} sees {}\n", one.service,
                        one.seen ? one.seen->to_string() : "nothing: " + one.problem);
  }
  for (const StepRecord& record : found.steps) {
    text += render_step(record, core::Network{}, Reasons::hide);
  }
  return text + conclusion(found);
}

std::string render_json(const Verification& found) {
  const core::ExitFacts& facts = core::facts_of(found.ending.exit);
  Json steps = Json::array();
  for (const StepRecord& record : found.steps) {
    steps.push_back(step_document(record, core::Network{}));
  }
  Json error = nullptr;
  if (found.ending.exit != core::Exit::ok) {
    error = {{"message", found.ending.message}, {"hint", found.ending.hint}};
  }
  const Json document = {
      {"schema", 1},
      {"command", "verify"},
      {"version", DO_EGRESS_IP_VERSION},
      {"node", found.node},
      {"result", name_of(found.result)},
      {"exit",
       {{"code", static_cast<int>(facts.exit)}, {"name", facts.name}, {"retry", facts.retry}}},
      {"floating_ip", address(found.expected)},
      {"services", render_sightings(found)},
      {"pods", {{"label", optional_text(found.pods)}}},
      {"steps", steps},
      {"error", error},
      {"requests",
       {{"digitalocean", found.requests.at(0)},
        {"metadata", found.requests.at(1)},
        {"kubernetes", found.requests.at(2)},
        {"verify", found.requests.at(3)}}},
      {"retry_after_seconds",
       found.ending.retry_after ? Json(found.ending.retry_after->count()) : Json(nullptr)},
      {"elapsed_seconds", static_cast<double>(found.elapsed.count()) / 1000}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace app
