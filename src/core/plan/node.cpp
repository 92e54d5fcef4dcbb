// SPDX-License-Identifier: Apache-2.0
#include "core/plan/node.hpp"

#include <algorithm>

namespace core {
namespace {

using Labels = std::map<std::string, std::optional<std::string>>;

// Without egress of the node, its pods have none either; with it, `verify` in a pod tells.
Labels labels_for(const std::optional<Ipv4>& egress, const Config& asked) {
  Labels labels = {{asked.enabled_label, egress ? "true" : "false"},
                   {asked.address_label,
                    egress ? std::optional(egress->to_string()) : std::optional<std::string>()}};
  if (!egress && !asked.pod_label.empty()) {
    labels.emplace(asked.pod_label, "false");
  }
  return labels;
}

std::string differences(const Node& node, const Labels& wanted) {
  std::string reason;
  for (const auto& [key, value] : wanted) {
    const auto actual = find_label(node, key);
    if (actual != value) {
      reason += fmt::format("{}label {} is {}, wanted {}", reason.empty() ? "" : "; ", key,
                            actual ? *actual : "absent", value ? *value : "absent");
    }
  }
  return reason;
}

bool is_gate(const Taint& taint, const Config& asked) {
  return taint.key == asked.gate_taint->key && taint.effect == asked.gate_taint->effect;
}

// Who gives the gate taint no value lets us mark it as ours: it is then known when its key changes.
constexpr std::string_view our_taint_value = "gate-of-do-egress-ip";

bool is_former_gate(const Taint& taint, const Config& asked) {
  return taint.value == our_taint_value && !(asked.gate_taint && is_gate(taint, asked));
}

// With GateBy::pods only `verify` in a pod lifts the gate.
Gate gate_after_run(const Config& asked, bool egress) {
  if (!egress) {
    return Gate::put;
  }
  return asked.gate_by == GateBy::pods ? Gate::keep : Gate::lift;
}

std::string taint_reason(const Node& node, const Config& asked, const std::vector<Taint>& wanted) {
  std::string reason;
  for (const Taint& taint : node.taints) {
    if (std::ranges::find(wanted, taint) == wanted.end()) {
      reason += fmt::format("{}taint {}:{} is lifted", reason.empty() ? "" : "; ", taint.key,
                            taint.effect);
    }
  }
  if (wanted.size() > 0 && asked.gate_taint && !is_gated(node, asked) &&
      is_gate(wanted.back(), asked)) {
    reason +=
        fmt::format("{}taint {}:{} keeps pods away until egress is proven",
                    reason.empty() ? "" : "; ", asked.gate_taint->key, asked.gate_taint->effect);
  }
  return reason;
}

}  // namespace

std::optional<std::string> find_label(const Node& node, const std::string& key) {
  const auto found = node.labels.find(key);
  return found == node.labels.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::vector<Taint>> taints_for(const Node& node, const Config& asked, Gate gate) {
  std::vector<Taint> taints = node.taints;
  std::erase_if(taints, [&](const Taint& taint) { return is_former_gate(taint, asked); });
  if (asked.gate_taint && gate == Gate::lift) {
    std::erase_if(taints, [&](const Taint& taint) { return is_gate(taint, asked); });
  }
  if (asked.gate_taint && gate == Gate::put && !is_gated(node, asked)) {
    taints.push_back(*asked.gate_taint);
    if (taints.back().value.empty()) {
      taints.back().value = our_taint_value;
    }
  }
  return taints == node.taints ? std::nullopt : std::optional(taints);
}

std::optional<Step> node_patch(const Node& node, const Config& asked,
                               const std::optional<Ipv4>& egress) {
  const Labels labels = labels_for(egress, asked);
  const auto taints = taints_for(node, asked, gate_after_run(asked, egress.has_value()));
  std::string reason = differences(node, labels);
  if (taints) {
    reason += (reason.empty() ? "" : "; ") + taint_reason(node, asked, *taints);
  }
  if (reason.empty()) {
    return std::nullopt;
  }
  return Step{PatchNode{asked.node_name, labels, taints}, reason};
}

Node with_patch(Node node, const Config& asked, const std::optional<Ipv4>& egress) {
  for (const auto& [key, value] : labels_for(egress, asked)) {
    node.labels.erase(key);
    if (value) {
      node.labels[key] = *value;
    }
  }
  node.taints =
      taints_for(node, asked, gate_after_run(asked, egress.has_value())).value_or(node.taints);
  return node;
}

bool is_gated(const Node& node, const Config& asked) {
  return asked.gate_taint && std::ranges::any_of(node.taints, [&](const Taint& taint) {
           return is_gate(taint, asked);
         });
}

bool is_labelled_with(const Node& node, const Config& asked, Ipv4 address) {
  return find_label(node, asked.enabled_label) == "true" &&
         find_label(node, asked.address_label) == address.to_string();
}

bool is_labelled_true(const Node& node, const Config& asked) {
  return find_label(node, asked.enabled_label) == "true" ||
         find_label(node, asked.address_label).has_value() ||
         (!asked.pod_label.empty() && find_label(node, asked.pod_label) == "true") ||
         (asked.gate_taint && !is_gated(node, asked));
}

std::optional<Ending> find_other_droplet(const Node& node, const Droplet& droplet,
                                         const Config& asked) {
  constexpr std::string_view scheme = "digitalocean://";  // cloud-controller-manager/do/droplets.go
  if (!node.provider_id.starts_with(scheme) ||
      node.provider_id == fmt::format("{}{}", scheme, droplet.id)) {
    return std::nullopt;
  }
  return Ending{.exit = Exit::config,
                .message = fmt::format("cannot use Node {}: it is {}, but this is droplet {}",
                                       asked.node_name, node.provider_id, droplet.id),
                .hint = "set --node-name to the Node of this droplet"};
}

std::vector<Step> correct_node(Observation& found, const Config& asked) {
  Node* node = std::get_if<Node>(&found.node);
  const auto step = node && is_labelled_true(*node, asked) ? node_patch(*node, asked, std::nullopt)
                                                           : std::nullopt;
  if (!step) {
    return {};
  }
  *node = with_patch(*node, asked, std::nullopt);
  return {*step};
}

Ending ending_of(const Error& error) {
  return {.exit = error.exit(),
          .message = error.what(),
          .hint = error.hint(),
          .retry_after = error.retry_after()};
}

void patch_node(Plan& plan, const Observation& found, const Config& asked,
                const std::optional<Ipv4>& address) {
  if (std::holds_alternative<NotAsked>(found.node)) {
    plan.needs.push_back(Need::node);
    return;
  }
  if (const Node* node = std::get_if<Node>(&found.node)) {
    if (const auto step = node_patch(*node, asked, address)) {
      plan.steps.push_back(*step);
    }
  }
}

Ending gate_failed(const Error& error, Ipv4 address, bool doubtful) {
  // Another run cannot help with these two, and they have one code in every command.
  const bool for_a_person = error.exit() == Exit::no_permission || error.exit() == Exit::config;
  return {.exit = for_a_person ? error.exit() : Exit::gate_failed,
          .message = fmt::format(
              "{}; egress IP {} {}", error.what(), address.to_string(),
              doubtful ? "stays, but nothing answers, also not the public address" : "works"),
          .hint = error.hint()};
}

bool must_prove_before_label(const Observation& found, const Config& asked, Ipv4 address) {
  const Node* node = std::get_if<Node>(&found.node);
  return node != nullptr && node_patch(*node, asked, address).has_value() &&
         !asked.verify_urls.empty();
}

Plan end_without_egress(const Observation& found, const Config& asked, Ending ending) {
  Plan plan;
  patch_node(plan, found, asked, std::nullopt);
  plan.ending = std::move(ending);
  return plan;
}

}  // namespace core
