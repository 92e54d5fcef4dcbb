// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/rules.hpp"
#include "core/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace app {
namespace {

using Json = nlohmann::ordered_json;

std::string destination(const core::Route& route) {
  return route.destination == core::Prefix{} ? "default" : route.destination.to_string();
}

std::string render_route(const core::Route& route, const core::Network& network) {
  std::string text =
      fmt::format("{} via {}", destination(route), core::render_hop(route.via, network));
  if (route.source) {
    text += " src " + route.source->to_string();
  }
  if (route.metric != 0) {
    text += fmt::format(" metric {}", route.metric);
  }
  if (route.table != core::main_table) {
    text += fmt::format(" table {}", route.table);
  }
  return text;
}

std::string render_rule(const core::Rule& rule) {
  const std::string source = rule.source ? rule.source->to_string() : "all";
  const std::string table = rule.table == core::main_table ? "main" : fmt::format("{}", rule.table);
  const std::string device = rule.in_device.empty() ? "" : " iif " + rule.in_device;
  const std::string mark = rule.mark ? " fwmark " + core::render_mark(*rule.mark) : "";
  return fmt::format("{} from {}{}{} lookup {}{}", rule.priority, source, device, mark, table,
                     rule.suppress_prefixlength ? " without its default" : "");
}

// No generic fallback, so that a new Action does not compile before it has words.
struct InWords {
  const core::Network& network;

  ActionWords operator()(const core::SetRoute& action) const {
    return {"set-route", render_route(action.route, network)};
  }
  ActionWords operator()(const core::RemoveRoute& action) const {
    return {"remove-route", render_route(action.route, network)};
  }
  ActionWords operator()(const core::AddRule& action) const {
    return {"add-rule", render_rule(action.rule)};
  }
  ActionWords operator()(const core::RemoveRule& action) const {
    return {"remove-rule", render_rule(action.rule)};
  }
  ActionWords operator()(const core::SetMarking& action) const {
    return {"set-marking", fmt::format("{:#x} on forwarded connections of {}", core::our_mark.value,
                                       action.address.to_string())};
  }
  ActionWords operator()(const core::RemoveMarking&) const {
    return {"remove-marking", fmt::format("{:#x} on forwarded connections", core::our_mark.value)};
  }
  ActionWords operator()(const core::SetPodSnat& action) const {
    return {"set-pod-snat",
            fmt::format("from {} via {} to {}", action.snat.pods.to_string(),
                        action.snat.gateway.to_string(), action.snat.anchor.to_string())};
  }
  ActionWords operator()(const core::RemovePodSnat&) const { return {"remove-pod-snat", "pods"}; }
  ActionWords operator()(const core::ReplaceDefault& action) const {
    const bool confirmed = action.route.protocol == core::our_protocol;
    return {confirmed ? "confirm-default" : "replace-default", render_route(action.route, network)};
  }
  ActionWords operator()(const core::SetDestinations& action) const {
    const core::Route& like = action.routes.like;
    const std::string which = core::render_destinations(action.routes.destinations);
    if (like.table == core::pods_table) {
      return {"set-pod-destinations", fmt::format("to {} by the host's network stack", which)};
    }
    if (like.type != core::unicast) {
      return like.type == core::unreachable_type
                 ? ActionWords{"close-destinations", which + " unreachable"}
                 : ActionWords{"except-destinations", which};
    }
    const bool confirmed = like.protocol == core::our_protocol;
    return {confirmed ? "confirm-destinations" : "open-destinations",
            fmt::format("{} via {} src {}", which, core::render_hop(like.via, network),
                        like.source.value_or(core::Ipv4{}).to_string())};
  }
  ActionWords operator()(const core::RemoveDestinations& action) const {
    const bool of_pods = action.routes.like.table == core::pods_table;
    return {of_pods ? "remove-pod-destinations" : "remove-destinations",
            core::render_destinations(action.routes.destinations)};
  }
  ActionWords operator()(const core::AcquireLease& action) const {
    return {"acquire-lease", action.address.to_string()};
  }
  ActionWords operator()(const core::ReleaseLease& action) const {
    return {"release-lease", action.address.to_string()};
  }
  ActionWords operator()(const core::AssignFloatingIp& action) const {
    return {"assign", fmt::format("{} to droplet {}", action.address.to_string(), action.droplet)};
  }
  ActionWords operator()(const core::UnassignFloatingIp& action) const {
    return {"unassign",
            fmt::format("{} from droplet {}", action.address.to_string(), action.droplet)};
  }
  ActionWords operator()(const core::PatchNode& action) const {
    std::string words = action.node;
    for (const auto& [key, value] : action.labels) {
      words += value ? fmt::format(" {}={}", key, *value) : fmt::format(" {}-", key);
    }
    if (action.taints) {
      words += action.taints->empty() ? " without taints" : " with taints";
      for (const core::Taint& taint : *action.taints) {
        words += " " + core::escape(taint.key + ":" + taint.effect);
      }
    }
    return {"label-node", words};
  }
};

Json pods_document(const Outcome& outcome) {
  if (!outcome.pod_egress) {
    return nullptr;
  }
  const core::PodsLeave& pods = *outcome.pod_egress;
  return {{"egress", core::name_of(pods.egress)},
          {"reason", pods.reason},
          {"cure", pods.cure == core::Cure::none ? Json(nullptr) : Json(core::name_of(pods.cure))}};
}

Json render_default(const core::Network& network) {
  const auto route = core::default_in_force(network);
  if (!route) {
    return nullptr;
  }
  Json result = {{"gateway", nullptr}, {"device", nullptr}, {"source", nullptr}};
  if (route->via.gateway) {
    result["gateway"] = route->via.gateway->to_string();
  }
  for (const core::Link& link : network.links) {
    if (link.ifindex == route->via.ifindex) {
      result["device"] = link.name;
    }
  }
  if (route->source) {
    result["source"] = route->source->to_string();
  }
  return result;
}

// How many destinations the kernel has in each state; null if there are none.
Json render_destinations(const core::Network& network) {
  if (network.destinations.empty()) {
    return nullptr;
  }
  const auto counts = core::count_destinations(network);
  return {{"enforced", core::has_destination_rule(network)},
          {"proven", counts.proven},
          {"unconfirmed", counts.unconfirmed},
          {"unreachable", counts.unreachable},
          {"direct", counts.direct}};
}

Json render_gate(const Outcome& outcome) {
  if (!outcome.gate) {
    return nullptr;
  }
  return {{"key", outcome.gate->taint.key},
          {"effect", outcome.gate->taint.effect},
          {"on_node", outcome.gate->on_node}};
}

Json render_lease(const Outcome& outcome) {
  if (!outcome.lease || outcome.lease->error) {
    return nullptr;
  }
  const auto& holder = outcome.lease->holder;
  return {{"address", outcome.lease->address.to_string()},
          {"holder", holder ? Json(holder->name) : Json(nullptr)},
          {"expires_in_seconds", holder ? Json(holder->left.count()) : Json(nullptr)}};
}

Json render_error(const Outcome& outcome) {
  if (outcome.ending.exit == core::Exit::ok) {
    return nullptr;
  }
  return {{"message", outcome.ending.message}, {"hint", outcome.ending.hint}};
}

int count(const Outcome& outcome, io::Server server) {
  return outcome.requests.at(static_cast<std::size_t>(server));
}

}  // namespace

std::string_view name_of(Outcome::Result result) {
  constexpr std::array<std::string_view, 5> names = {"unchanged", "changed", "skipped", "planned",
                                                     "failed"};
  return names.at(static_cast<std::size_t>(result));
}

ActionWords words_of(const core::Action& action, const core::Network& network) {
  return std::visit(InWords{network}, action);
}

std::string render_action(const core::Action& action, const core::Network& network) {
  const ActionWords words = words_of(action, network);
  return words.verb + " " + words.target;
}

std::string_view name_of(StepRecord::Result result) {
  constexpr std::array<std::string_view, 4> names = {"done", "failed", "skipped", "planned"};
  return names.at(static_cast<std::size_t>(result));
}

Json step_document(const StepRecord& record, const core::Network& network) {
  const ActionWords words = words_of(record.step.action, network);
  return {{"action", words.verb},
          {"target", words.target},
          {"reason", record.step.reason},
          {"result", name_of(record.result)},
          {"detail", record.detail}};
}

std::string render_json(const Outcome& outcome) {
  const core::ExitFacts& facts = core::facts_of(outcome.ending.exit);
  Json steps = Json::array();
  for (const StepRecord& record : outcome.steps) {
    steps.push_back(step_document(record, outcome.network));
  }
  Json document = {
      {"schema", 1},
      {"command", outcome.command},
      {"version", DO_EGRESS_IP_VERSION},
      {"node", outcome.node},
      {"result", name_of(outcome.result)},
      {"exit",
       {{"code", static_cast<int>(facts.exit)}, {"name", facts.name}, {"retry", facts.retry}}},
      // kubectl describe pod shows the document on one line: the sentence comes first, steps last.
      {"error", render_error(outcome)},
      {"droplet", nullptr},
      {"floating_ip", nullptr},
      {"route", render_default(outcome.network)},
      {"destinations", render_destinations(outcome.network)},
      {"pods", pods_document(outcome)},
      {"labels", outcome.node_is_known ? Json(outcome.labels) : Json(nullptr)},
      {"gate_taint", render_gate(outcome)},
      {"lease", render_lease(outcome)},
      {"requests",
       {{"digitalocean", count(outcome, io::Server::digitalocean)},
        {"metadata", count(outcome, io::Server::metadata)},
        {"kubernetes", count(outcome, io::Server::kubernetes)},
        {"verify", count(outcome, io::Server::verify)}}},
      {"retry_after_seconds",
       outcome.ending.retry_after ? Json(outcome.ending.retry_after->count()) : Json(nullptr)},
      {"elapsed_seconds", static_cast<double>(outcome.elapsed.count()) / 1000},
      {"steps", steps}};
  if (outcome.droplet) {
    document["droplet"] = {{"id", outcome.droplet->id}, {"region", outcome.droplet->region}};
  }
  if (outcome.floating_ip) {
    document["floating_ip"] = outcome.floating_ip->to_string();
  }
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

core::Exit apply_ok_codes(core::Exit exit, const Invocation& invocation) {
  return invocation.ok_codes.contains(exit) ? core::Exit::ok : exit;
}

core::Exit exit_of(const Outcome& outcome, const Invocation& invocation) {
  core::Exit exit = outcome.ending.exit;
  if (exit == core::Exit::ok && invocation.detailed_exitcode) {
    const bool change =
        outcome.result == Outcome::Result::changed || outcome.result == Outcome::Result::planned;
    exit = outcome.result == Outcome::Result::skipped ? core::Exit::not_matched
           : change                                   ? core::Exit::changed
                                                      : core::Exit::ok;
  }
  return apply_ok_codes(exit, invocation);
}

core::Exit exit_without_output(core::Exit exit, const Invocation& invocation) {
  const bool failed =
      exit != core::Exit::ok && exit != core::Exit::changed && exit != core::Exit::not_matched;
  return failed ? exit : apply_ok_codes(core::Exit::os_error, invocation);
}

}  // namespace app
