// SPDX-License-Identifier: Apache-2.0
#include "core/plan/verification.hpp"

#include "core/plan/node.hpp"
#include "core/text.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr std::string_view failed = "cannot verify the egress IP: ";

}  // namespace

std::variant<Ipv4, Ending> promised_address(const Node& node, const Config& asked) {
  const auto enabled = find_label(node, asked.enabled_label);
  const auto text = find_label(node, asked.address_label);
  const auto address = Ipv4::parse(text.value_or(""));
  if (enabled == "true" && address) {
    return *address;
  }
  const std::string& name = asked.node_name;
  // The chart labels the Node sooner or later; elsewhere nobody may do it.
  if (enabled || !asked.pod_label.empty()) {
    return Ending{.exit = Exit::try_again,
                  .message = fmt::format("{}Node {} has no egress IP yet", failed, name),
                  .hint = fmt::format("see why: kubectl describe node {}", name)};
  }
  return Ending{
      .exit = Exit::config,
      .message = fmt::format("{}Node {} has no label {}", failed, name, asked.address_label),
      .hint = "run do-egress-ip reconcile on that node, or give the address with --expect"};
}

Ending judge_sightings(const std::vector<Sighting>& sightings, Ipv4 wanted) {
  const auto is_wrong = [wanted](const Sighting& one) { return one.seen && one.seen != wanted; };
  const auto wrong = std::ranges::find_if(sightings, is_wrong);
  if (wrong != sightings.end()) {
    return {.exit = Exit::rolled_back,
            .message = fmt::format("{}{} sees {}, not {}", failed, wrong->service,
                                   wrong->seen->to_string(), wanted.to_string()),
            .hint =
                "compare with the host: curl the same URL there; if only pods differ, the "
                "network plugin masquerades them: kubectl --namespace kube-system get "
                "configmap cilium-config --output yaml"};
  }
  if (std::ranges::any_of(sightings, [](const Sighting& one) { return one.seen.has_value(); })) {
    return {};
  }
  return {.exit = Exit::unavailable,
          .message = fmt::format("{}{}", failed, sightings.front().problem),
          .hint = "check that --verify-url answers elsewhere; a NetworkPolicy may block it"};
}

PodEgress judge_pods(const Ending& ending, bool internet_answers) {
  if (ending.exit == Exit::ok) {
    return PodEgress::proven;
  }
  const bool silent = ending.exit == Exit::unavailable;
  return silent && internet_answers ? PodEgress::unknown : PodEgress::broken;
}

std::optional<Step> label_pods(const Node& node, const Config& asked, PodEgress shown) {
  if (shown == PodEgress::unknown) {
    return std::nullopt;
  }
  const bool proven = shown == PodEgress::proven;
  const std::string value = proven ? "true" : "false";
  const auto before = find_label(node, asked.pod_label);
  const bool gates = asked.gate_by == GateBy::pods;
  const auto taints =
      gates ? taints_for(node, asked, proven ? Gate::lift : Gate::put) : std::nullopt;
  std::string reason;
  if (before != value) {
    reason = fmt::format("label {} is {}, wanted {}", asked.pod_label,
                         before ? escape(*before) : "absent", value);
  }
  if (taints) {
    reason += fmt::format("{}the gate taint is {}", reason.empty() ? "" : "; ",
                          proven ? "lifted" : "put back");
  }
  if (reason.empty()) {
    return std::nullopt;
  }
  return Step{PatchNode{asked.node_name, {{asked.pod_label, value}}, taints, true}, reason};
}

}  // namespace core
