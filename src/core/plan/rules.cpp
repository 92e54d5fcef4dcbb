// SPDX-License-Identifier: Apache-2.0
#include "core/plan/rules.hpp"

#include "core/plan/destinations.hpp"
#include "core/plan/pod_stack.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>

namespace core {
namespace {

using State = Marking::State;

bool has(const std::vector<Rule>& rules, const Rule& rule) {
  return std::ranges::find(rules, rule) != rules.end();
}

// --- packets from the public address -----------------------------------------------------------

// Traffic of the anchor address uses the anchor gateway, whatever the default is. A proof of that
// path ignores the main table, whose routes could let it pass without the path.
std::vector<Rule> anchor_rules(const Path& path) {
  const Prefix source = Prefix::host(path.address);
  return {{.priority = proof_priority, .source = source, .mark = proof_mark, .table = anchor_table},
          {.priority = anchor_main_first_priority, .source = source, .suppress_prefixlength = 0},
          {.priority = anchor_table_priority, .source = source, .table = anchor_table}};
}

std::vector<Rule> reply_rules(const Path& path) {
  const Prefix source = Prefix::host(path.address);
  return {{.priority = main_first_priority, .source = source, .suppress_prefixlength = 0},
          {.priority = public_table_priority, .source = source, .table = public_table}};
}

// --- packets of forwarded connections that are under the public address --------------------------

// A default through the anchor would break forwarded connections: conntrack keeps the source of the
// first packet, and the anchor gateway drops any other.
bool may_be_marked(const Network& network, const Paths& paths) {
  if (std::ranges::none_of(network.links, &Link::forwards)) {
    return false;  // so connection tracking need not run for us
  }
  const auto outside =
      std::ranges::find(network.links, paths.public_path.via.ifindex, &Link::ifindex);
  const bool strict = outside != network.links.end() && outside->rp_filter == 1 &&
                      !outside->src_valid_mark &&
                      paths.anchor_path.via.ifindex != paths.public_path.via.ifindex;
  return !strict;  // strict filtering would drop the replies, so such a connection had better
                   // restart at once
}

std::vector<Rule> marking_rules() {
  return {{.priority = marked_main_first_priority, .mark = our_mark, .suppress_prefixlength = 0},
          {.priority = marked_public_table_priority, .mark = our_mark, .table = public_table}};
}

bool wants_marking(const Network& network, const Paths& paths) {
  return network.marking.state != State::unsupported && may_be_marked(network, paths);
}

// Keeps the rules of an invisible marking, but adds none.
void want_marking_rules(std::vector<Rule>& wanted, const Network& network) {
  for (const Rule& rule : marking_rules()) {
    if (network.marking.state != State::hidden || has(network.rules, rule)) {
      wanted.push_back(rule);
    }
  }
}

void set_marking(std::vector<Step>& steps, const Network& network, const Paths& paths) {
  const Marking marking{State::set, paths.public_path.address};
  if (network.marking.state != State::hidden && network.marking != marking) {
    steps.push_back(
        {SetMarking{marking.address}, "keeps open connections of pods on the public address"});
  }
}

// --- both --------------------------------------------------------------------------------------

std::string_view purpose(const Rule& rule) {
  if (rule.table == anchor_table) {
    return rule.mark ? "sends proofs through the anchor gateway"
                     : "routes packets of the anchor address through the anchor gateway";
  }
  if (rule.mark) {
    return rule.table == public_table ? "routes marked packets through the public gateway"
                                      : "keeps pods and bridges reachable for marked packets";
  }
  return rule.table == public_table
             ? "routes replies of the public address through the public gateway"
             : "keeps pods and bridges reachable";
}

void add_rules(std::vector<Step>& steps, const Network& network, const std::vector<Rule>& wanted) {
  for (const Rule& rule : wanted) {
    if (!has(network.rules, rule)) {
      steps.push_back({AddRule{rule}, std::string(purpose(rule))});
    }
  }
}

}  // namespace

std::uint32_t replies_kept_at(const Network& network, const Path& path) {
  const auto keeps = [&](const Rule& rule) {
    if (!rule.plain || rule.mark || rule.protocol == our_protocol || rule.table == main_table ||
        rule.source != Prefix::host(path.address) || rule.priority >= main_rule_priority) {
      return false;
    }
    const auto route = default_of(network, rule.table);
    return route && goes_via(*route, path);
  };
  const auto found = std::ranges::find_if(network.rules, keeps);
  return found == network.rules.end() ? public_table_priority : found->priority;
}

std::vector<Step> rules_and_marking(const Network& network, const Paths& paths) {
  std::vector<Step> steps;
  std::vector<Rule> wanted;
  if (replies_kept_at(network, paths.public_path) == public_table_priority) {
    wanted = reply_rules(paths.public_path);
  }
  const auto of_anchor = anchor_rules(paths.anchor_path);
  wanted.insert(wanted.end(), of_anchor.begin(), of_anchor.end());
  const bool marking = wants_marking(network, paths);
  if (marking) {
    want_marking_rules(wanted, network);
  } else if (network.marking.state == State::set) {
    steps.push_back({RemoveMarking{}, "this droplet forwards no packets"});
  }
  add_rules(steps, network, wanted);
  std::ranges::copy_if(network.rules, std::back_inserter(wanted), is_rule_of_pods);
  if (marking) {  // after its rules; an older version's marking works until then
    set_marking(steps, network, paths);
  }
  const auto stale = remove_rules(network, wanted, "made by an earlier run, no longer wanted");
  steps.insert(steps.end(), stale.begin(), stale.end());
  return steps;
}

std::vector<Step> remove_rules(const Network& network, const std::vector<Rule>& wanted,
                               std::string_view reason) {
  std::vector<Step> steps;
  std::for_each(network.rules.rbegin(), network.rules.rend(), [&](const Rule& rule) {
    if (rule.protocol == our_protocol && !is_destination_rule(rule) && !has(wanted, rule)) {
      steps.push_back({RemoveRule{rule}, fmt::format("rule {}: {}", rule.priority, reason)});
    }
  });
  return steps;
}

std::string render_mark(const Mark& mark) {
  return mark.mask == Mark{}.mask ? fmt::format("{:#x}", mark.value)
                                  : fmt::format("{:#x}/{:#x}", mark.value, mark.mask);
}

}  // namespace core
