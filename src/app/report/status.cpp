// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"
#include "core/plan/destinations.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/switch.hpp"
#include "core/text.hpp"

namespace app {
namespace {

using core::Exit;

std::string fact(std::string_view name, const std::string& text) {
  return fmt::format("  {:<14} {}\n", name, text);
}

std::string labels_of(const Outcome& outcome) {
  std::string text;
  for (const auto& [key, value] : outcome.labels) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, core::escape(value));
  }
  return text.empty() ? "none" : text;
}

// "anchor gateway 10.17.0.1 dev ens2", where traffic without a better route goes.
std::string path_of(const Outcome& outcome) {
  const auto in_force = core::default_in_force(outcome.network);
  if (!in_force) {
    return "no default route";
  }
  const auto& droplet = *outcome.droplet;
  const auto& gateway = in_force->via.gateway;
  const bool anchor = droplet.anchor && gateway == droplet.anchor->gateway;
  const bool open = droplet.public_interface && gateway == droplet.public_interface->gateway;
  return fmt::format("{}{}{}",
                     anchor ? "anchor gateway "
                     : open ? "public gateway "
                            : "",
                     core::render_hop(in_force->via, outcome.network),
                     core::is_unconfirmed(outcome.network) ? ", not confirmed" : "");
}

// "198.51.100.8 held by Node node-1, expires in 50 s".
std::string render_lease(const LeaseState& lease) {
  const std::string address = lease.address.to_string();
  if (lease.error) {
    return fmt::format("{} unknown: {}", address, lease.error->what());
  }
  if (!lease.holder) {
    return address + " held by no Node";
  }
  const auto left = lease.holder->left.count();
  return fmt::format("{} held by Node {}, {}", address, lease.holder->name,
                     left > 0 ? fmt::format("expires in {} s", left) : "expired");
}

std::string facts_of(const Outcome& outcome) {
  std::string text;
  if (outcome.droplet) {
    text += fact("droplet", fmt::format("{} in {}", outcome.droplet->id, outcome.droplet->region));
    text += fact("reserved IP", outcome.held ? outcome.held->to_string() : "none");
    text += fact("default route", path_of(outcome));
  }
  for (const core::RouteGroup& group : outcome.network.destinations) {
    text +=
        fact("destinations", fmt::format("{}: {}", core::render_destinations(group.destinations),
                                         group.like.type == core::unreachable_type ? "unreachable"
                                         : group.like.type == core::throw_type
                                             ? "like everything else"
                                             : core::render_hop(group.like.via, outcome.network)));
  }
  if (outcome.pod_egress) {
    text += fact("pods", fmt::format("{} ({})", core::name_of(outcome.pod_egress->egress),
                                     outcome.pod_egress->reason));
  }
  if (outcome.node_is_known) {
    text += fact("labels", labels_of(outcome));
  }
  if (outcome.gate) {
    const core::Taint& taint = outcome.gate->taint;
    text += fact("gate taint",
                 fmt::format("{}:{} is {}on the Node", core::escape(taint.key),
                             core::escape(taint.effect), outcome.gate->on_node ? "" : "not "));
  }
  if (outcome.lease) {
    text += fact("lease", render_lease(*outcome.lease));
  }
  return text;
}

// A failure of looking is the error on stderr, and only named here.
std::string verdict(const Outcome& outcome) {
  if (outcome.result == Outcome::Result::skipped) {
    return fmt::format("skipped: {}", outcome.ending.message);
  }
  const Exit exit = outcome.ending.exit;
  if (exit == Exit::ok) {
    return fmt::format("ok: {}: egress IP {}", outcome.node,
                       outcome.held ? outcome.held->to_string() : "none");
  }
  const auto& facts = core::facts_of(exit);
  return fmt::format("not ok: {}: {}", outcome.node,
                     exit == Exit::changed
                         ? outcome.ending.message
                         : fmt::format("{} ({})", facts.name, static_cast<int>(exit)));
}

}  // namespace

std::string render_status(const Outcome& outcome, Reasons reasons) {
  std::string text = verdict(outcome) + "\n" + facts_of(outcome);
  for (const StepRecord& record : outcome.steps) {
    const std::string step = render_step(record, outcome.network, reasons);
    text += outcome.steps.data() == &record ? "pending changes:\n" : "";
    for (std::size_t begin = 0; begin < step.size(); begin = step.find('\n', begin) + 1) {
      text += "  " + step.substr(begin, step.find('\n', begin) + 1 - begin);
    }
  }
  return text;
}

}  // namespace app
