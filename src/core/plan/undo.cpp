// SPDX-License-Identifier: Apache-2.0
#include "core/plan/undo.hpp"

#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/rules.hpp"

#include <algorithm>

namespace core {
namespace {

template <typename Value>
bool contains(const std::vector<Value>& values, const Value& wanted) {
  return std::ranges::find(values, wanted) != values.end();
}

bool is_main_default(const Route& route) {
  return route.table == main_table && route.destination == Prefix{} && route.tos == 0;
}

// Copies in our table may carry somebody else's protocol number.
bool is_ours(const Route& route) {
  return route.table == public_table || (route.protocol == our_protocol && !is_main_default(route));
}

void restore_default(std::vector<Step>& steps, const Network& now, const Network& before) {
  const auto current = default_in_force(now);
  const auto former = default_in_force(before);
  if (current == former || (current && current->protocol != our_protocol)) {
    return;
  }
  if (former) {
    steps.push_back({ReplaceDefault{*former}, fmt::format("the default route went via {} before",
                                                          render_hop(former->via, now))});
  } else {
    steps.push_back({RemoveRoute{*current}, "there was no default route before"});
  }
}

void restore_marking(std::vector<Step>& steps, const Marking& now, const Marking& before) {
  using State = Marking::State;
  const bool former = before.state == State::set && before.address != Ipv4{};
  if (now == before || (now.state != State::set && now.state != State::absent)) {
    return;
  }
  if (former) {
    steps.push_back({SetMarking{before.address}, "it was so before"});
  } else if (now.state == State::set) {
    steps.push_back({RemoveMarking{}, "it was not there"});
  }
}

}  // namespace

std::vector<Step> restore(const Network& now, const Network& before) {
  std::vector<Step> steps;
  restore_default(steps, now, before);
  restore_marking(steps, now.marking, before.marking);
  const auto rules = remove_rules(now, before.rules, "it was not there");
  steps.insert(steps.end(), rules.begin(), rules.end());
  for (const Route& route : now.routes) {
    if (is_ours(route) && !contains(before.routes, route)) {
      const auto why = fmt::format("the route to {} in table {} was not there",
                                   route.destination.to_string(), route.table);
      steps.push_back({RemoveRoute{route}, why});
    }
  }
  for (const Route& route : before.routes) {
    if (is_ours(route) && !contains(now.routes, route)) {
      steps.push_back({SetRoute{route}, fmt::format("the route to {} in table {} was there",
                                                    route.destination.to_string(), route.table)});
    }
  }
  for (const Rule& rule : before.rules) {
    if (rule.protocol == our_protocol && !contains(now.rules, rule)) {
      steps.push_back({AddRule{rule}, fmt::format("rule {} was there", rule.priority)});
    }
  }
  return steps;
}

}  // namespace core
