// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>
#include <array>

namespace app {
namespace {

// How an action of the JSON document is called on a terminal; `after` follows its target.
struct Wording {
  std::string_view verb;
  std::string_view label;
  std::string_view after = {};
};

constexpr std::array wordings = {
    Wording{"set-route", "route"},
    Wording{"remove-route", "route", "removed"},
    Wording{"add-rule", "rule"},
    Wording{"remove-rule", "rule", "removed"},
    Wording{"set-marking", "mark"},
    Wording{"remove-marking", "mark", "removed"},
    Wording{"set-pod-snat", "pods"},
    Wording{"remove-pod-snat", "translation of", "removed"},
    Wording{"set-pod-destinations", "pods"},
    Wording{"remove-pod-destinations", "pods to", "removed"},
    Wording{"replace-default", "default route"},
    Wording{"confirm-default", "confirmed"},
    Wording{"close-destinations", "destinations"},
    Wording{"except-destinations", "destinations", "like everything else"},
    Wording{"open-destinations", "destinations"},
    Wording{"confirm-destinations", "confirmed"},
    Wording{"remove-destinations", "destinations", "removed"},
    Wording{"acquire-lease", "lease"},
    Wording{"release-lease", "lease", "given back"},
    Wording{"assign", "reserved IP"},
    Wording{"unassign", "reserved IP", "unassigned"},
    Wording{"label-node", "node labels"},
};

std::string without(std::string text, std::string_view beginning) {
  return text.starts_with(beginning) ? text.erase(0, beginning.size()) : text;
}

// What the label says already is left out, so that a line fits a terminal.
std::string target_of(const core::Action& action, const ActionWords& words) {
  if (const auto* patch = std::get_if<core::PatchNode>(&action)) {
    return without(words.target, patch->node + " ");
  }
  return std::holds_alternative<core::ReplaceDefault>(action)
             ? without(words.target, "default via ")
             : words.target;
}

// "(was 203.0.113.1 dev ens1)", for a step that replaces the default route.
std::string previous_default(const StepRecord& record, const core::Network& before) {
  const auto* replace = std::get_if<core::ReplaceDefault>(&record.step.action);
  const auto previous = core::default_in_force(before);
  if (replace == nullptr || replace->route.protocol == core::our_protocol || !previous ||
      previous->multipath || previous->via == replace->route.via) {
    return {};
  }
  return fmt::format("   (was {})", core::render_hop(previous->via, before));
}

std::string aligned(std::string_view label, std::string_view text) {
  return fmt::format("{:<16} {}\n", label, text);
}

std::string released(const Outcome& outcome) {
  const bool planned = outcome.result == Outcome::Result::planned;
  const std::string& left = outcome.ending.message;
  const bool opened = std::ranges::any_of(outcome.steps, [](const StepRecord& record) {
    return std::holds_alternative<core::RemoveDestinations>(record.step.action);
  });
  return fmt::format("{}: {}{}{}{}", outcome.node,
                     planned ? "would undo all changes" : "all changes undone",
                     left.empty() ? "" : ", but " + left,
                     opened ? "; destinations are reached from the public address" : "",
                     planned ? "; nothing was written" : "");
}

// The cause of a failure is the error on stderr.
std::string conclusion(const Outcome& outcome) {
  if (outcome.result == Outcome::Result::skipped) {
    return outcome.ending.message;
  }
  if (outcome.result == Outcome::Result::failed) {
    return fmt::format("{} ({})", core::facts_of(outcome.ending.exit).name,
                       static_cast<int>(outcome.ending.exit));
  }
  if (outcome.command == "release") {
    return released(outcome);
  }
  const std::string address = outcome.floating_ip ? outcome.floating_ip->to_string() : "none";
  if (outcome.result == Outcome::Result::planned) {
    return fmt::format("{}: egress IP would be {}; nothing was written", outcome.node, address);
  }
  return fmt::format("{}: egress IP {}", outcome.node, address);
}

}  // namespace

std::string render_step(const StepRecord& record, const core::Network& before, Reasons reasons) {
  const ActionWords words = words_of(record.step.action, before);
  const auto* wording = std::ranges::find(wordings, words.verb, &Wording::verb);
  const bool known = wording != wordings.end();
  const std::string_view label = known ? wording->label : std::string_view(words.verb);
  std::string text = target_of(record.step.action, words) + previous_default(record, before);
  if (known && !wording->after.empty()) {
    text += fmt::format(" {}", wording->after);
  }
  if (record.rollback) {
    text = fmt::format("{} {}", label, text);
  }
  if (!record.detail.empty()) {
    text += fmt::format(": {}", record.detail);
  }
  const bool failed = record.result == StepRecord::Result::failed;
  std::string lines =
      aligned(record.rollback ? "rolled back" : label, failed ? "failed: " + text : text);
  if (reasons == Reasons::show && !record.step.reason.empty()) {
    lines += aligned("", fmt::format("  {}", record.step.reason));
  }
  return lines;
}

std::string render_result(const Outcome& outcome) {
  const bool news =
      outcome.result == Outcome::Result::changed || outcome.result == Outcome::Result::planned;
  const bool known =
      news && outcome.pod_egress && outcome.pod_egress->egress != core::PodSource::unknown;
  const std::string pods =
      known ? aligned("pods", fmt::format("{}: {}", core::name_of(outcome.pod_egress->egress),
                                          outcome.pod_egress->reason))
            : "";
  return pods + fmt::format("{}: {}\n", name_of(outcome.result), conclusion(outcome));
}

namespace {

// Colors the word of a verdict or a result that begins `line`.
std::string color_line(std::string_view line) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> colors = {{
      {"ok", "32"},
      {"changed", "32"},
      {"unchanged", "32"},
      {"confirmed", "32"},
      {"free", "32"},
      {"planned", "33"},
      {"skipped", "33"},
      {"warning", "33"},
      {"unknown", "33"},
      {"note", "33"},
      {"pending", "33"},
      {"rolled back", "31"},
      {"failed", "31"},
      {"problem", "31"},
      {"not ok", "31"},
      {"degraded", "31"},
  }};
  for (const auto& [word, color] : colors) {
    const char after = line.size() > word.size() ? line[word.size()] : '\n';
    if (line.starts_with(word) && (after == ':' || after == ' ' || after == '\n')) {
      return fmt::format("\033[{}m{}\033[0m{}", color, word, line.substr(word.size()));
    }
  }
  return std::string(line);
}

}  // namespace

std::string colored(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    result += color_line(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace app
