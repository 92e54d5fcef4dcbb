// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/text.hpp"

namespace app {
namespace {

using core::Exit;

std::string line(std::string_view name, const std::string& text) {
  return fmt::format("{:<9}{}\n", fmt::format("{}:", name), text);
}

std::string labels_of(const Outcome& outcome) {
  std::string text;
  for (const auto& [key, value] : outcome.labels) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, core::escape(value));
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::string render_status(const Outcome& outcome) {
  std::string text;
  if (outcome.droplet) {
    text += line("droplet", fmt::format("{} in {}", outcome.droplet->id, outcome.droplet->region));
    text += line("address", outcome.held ? outcome.held->to_string() : "none");
    const auto in_force = core::default_in_force(outcome.network);
    text += line("default", in_force ? core::render_hop(in_force->via, outcome.network) : "none");
  }
  if (outcome.node_is_known) {
    text += line("labels", labels_of(outcome));
  }
  for (const StepRecord& record : outcome.steps) {
    text += line("drift", fmt::format("{}: {}", render_action(record.step.action, outcome.network),
                                      record.step.reason));
  }
  if (outcome.result == Outcome::Result::skipped) {
    return text + line("verdict", fmt::format("skipped: {}", outcome.ending.message));
  }
  const bool good = outcome.ending.exit == Exit::ok;
  const std::string egress =
      outcome.held ? fmt::format("{} leaves by {}", outcome.node, outcome.held->to_string()) : "";
  return text + line("verdict",
                     good && !egress.empty()
                         ? "ok: " + egress
                         : fmt::format("{}: {}", good ? "ok" : "not ok", outcome.ending.message));
}

}  // namespace app
