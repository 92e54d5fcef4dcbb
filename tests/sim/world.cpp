// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <algorithm>

namespace sim {

namespace {

constexpr Millis minute = 60'000;
constexpr Millis hour = 3'600'000;

Json nullable(const std::optional<DropletId>& droplet) {
  return droplet ? Json(*droplet) : Json(nullptr);
}

ActionResult unprocessable(const std::string& message) {
  return {.status = 422, .id = "unprocessable_entity", .message = message, .action = {}};
}

}  // namespace

void World::advance(Millis now) {
  kube.collect_garbage();
  for (auto next = pending_.begin(); next != pending_.end();) {
    Action& action = actions.at(*next);
    const bool due = !action.lost && action.due <= now;
    next = due ? pending_.erase(next) : std::next(next);
    if (due) {
      complete(action, now);
    }
  }
  const auto waiting = std::exchange(delayed_, {});
  for (const Delayed& event : waiting) {
    if (event.due <= now) {
      set_holder(event.ip, event.to, now, "fault");
    } else {
      delayed_.push_back(event);
    }
  }
}

void World::complete(Action& action, Millis now) {
  Address& address = addresses[action.ip];
  address.locked = false;
  if (!droplets.contains(action.droplet) || take_event_fault("errored-action")) {
    action.status = "errored";
    return;
  }
  action.status = "completed";
  const bool assign = action.type == "assign_ip";
  set_holder(action.ip, assign ? std::optional(action.droplet) : std::nullopt, now, "api");
  if (!assign) {
    return;
  }
  if (const auto steal = take_event_fault("steal")) {
    delayed_.push_back({now + steal->after_ms, action.ip, steal->to});
  }
  if (const auto loss = take_event_fault("unassign")) {
    delayed_.push_back({now + loss->after_ms, action.ip, std::nullopt});
  }
}

std::optional<EventFault> World::take_event_fault(const std::string& kind) {
  const auto found = std::ranges::find(event_faults, kind, &EventFault::kind);
  if (found == event_faults.end()) {
    return std::nullopt;
  }
  const EventFault fault = *found;
  if (found->count > 0 && --found->count == 0) {
    event_faults.erase(found);
  }
  return fault;
}

bool World::has_pending(DropletId droplet) const {
  return std::ranges::any_of(pending_,
                             [&](std::int64_t id) { return actions.at(id).droplet == droplet; });
}

// The real API's reasons for a 422, in its order of checks.
ActionResult World::refusal(const Address& address, const Droplet& droplet) const {
  if (address.locked) {
    return unprocessable("The floating IP already has a pending event.");
  }
  if (droplet.pending_event || has_pending(droplet.id)) {
    return unprocessable("Droplet already has a pending event.");
  }
  if (address.region != droplet.region) {
    return unprocessable("The reserved IP and the Droplet must be in the same region.");
  }
  if (!droplet.public_interface || !droplet.anchor) {
    return unprocessable("Droplet cannot be assigned a reserved IP.");
  }
  return held_by(droplet.id).empty() ? ActionResult{}
                                     : unprocessable("Droplet already has a reserved IP.");
}

ActionResult World::assign(const std::string& ip, DropletId id, Millis now) {
  advance(now);
  const auto droplet = droplets.find(id);
  if (droplet == droplets.end()) {
    return unprocessable("Droplet not found.");
  }
  Address& address = addresses.at(ip);
  if (auto refused = refusal(address, droplet->second); refused.status != 201) {
    return refused;
  }
  if (address.proven && address.droplet && *address.droplet != id) {
    thefts.push_back({{"ip", ip}, {"from", *address.droplet}, {"to", id}, {"at_ms", now}});
  }
  Action action{.id = ++last_action_, .type = "assign_ip", .ip = ip, .droplet = id};
  action.due = now + settings.action_latency_ms;
  action.hidden = address.byoip || take_event_fault("action-404").has_value();
  action.lost = take_event_fault("lost-assign").has_value();
  if (!action.lost) {
    set_holder(ip, std::nullopt, now, "api");
    address.locked = true;
  }
  actions[action.id] = action;
  pending_.insert(action.id);
  const Action answered = action;
  advance(now);
  return {.status = 201, .id = {}, .message = {}, .action = answered};
}

ActionResult World::unassign(const std::string& ip, Millis now) {
  advance(now);
  Address& address = addresses.at(ip);
  if (address.locked) {
    return unprocessable("The floating IP already has a pending event.");
  }
  if (!address.droplet) {
    return unprocessable("The floating IP is not assigned.");
  }
  Action action{.id = ++last_action_, .type = "unassign_ip", .ip = ip, .droplet = *address.droplet};
  action.due = now + settings.action_latency_ms;
  address.locked = true;
  actions[action.id] = action;
  pending_.insert(action.id);
  const Action answered = action;
  advance(now);
  return {.status = 201, .id = {}, .message = {}, .action = answered};
}

void World::set_holder(const std::string& ip, std::optional<DropletId> droplet, Millis now,
                       const std::string& by) {
  Address& address = addresses[ip];
  if (address.droplet == droplet) {
    return;
  }
  assignments.push_back({{"at_ms", now},
                         {"ip", ip},
                         {"from", nullable(address.droplet)},
                         {"to", nullable(droplet)},
                         {"by", by}});
  if (address.droplet) {
    translate(address, false);
    droplets[*address.droplet].addresses.emplace_back(now, "");
    held_[*address.droplet].erase(ip);
  }
  address.droplet = droplet;
  address.proven = false;
  if (droplet) {
    translate(address, true);
    droplets[*droplet].addresses.emplace_back(now, ip);
    held_[*droplet].insert(ip);
  }
}

const std::set<std::string>& World::held_by(DropletId droplet) const {
  static const std::set<std::string> none;
  const auto found = held_.find(droplet);
  return found == held_.end() ? none : found->second;
}

void World::destroy(DropletId droplet, Millis now) {
  for (const std::string& ip : std::set(held_by(droplet))) {
    set_holder(ip, std::nullopt, now, "control");
  }
  droplets.erase(droplet);
}

void World::end_event_faults() {
  event_faults.clear();
  delayed_.clear();
  for (auto& [id, action] : actions) {
    if (action.lost && action.status == "in-progress") {
      action.status = "errored";
      pending_.erase(id);
    }
  }
}

void World::translate(const Address& address, bool on) {
  const auto droplet = droplets.find(*address.droplet);
  if (on_translation_ && droplet != droplets.end() && droplet->second.anchor) {
    on_translation_(droplet->second.anchor->ip, address.ip, on);
  }
}

void World::prove(const std::string& ip, DropletId droplet) {
  Address& address = addresses.at(ip);
  if (address.droplet == droplet && !address.locked) {
    address.proven = true;
  }
}

std::string World::metadata_address(const Droplet& droplet, Millis now) const {
  std::string told;
  for (const auto& [since, ip] : droplet.addresses) {
    if (since + settings.metadata_lag_ms <= now) {
      told = ip;
    }
  }
  return told;
}

const Droplet* World::droplet_at(const std::string& address) const {
  for (const auto& [id, droplet] : droplets) {
    if ((droplet.public_interface && droplet.public_interface->ip == address) ||
        (droplet.anchor && droplet.anchor->ip == address) ||
        (droplet.private_interface && droplet.private_interface->ip == address)) {
      return &droplet;
    }
  }
  const auto floating = addresses.find(address);
  if (floating != addresses.end() && floating->second.droplet) {
    const auto holder = droplets.find(*floating->second.droplet);
    return holder == droplets.end() ? nullptr : &holder->second;
  }
  return nullptr;
}

World::Budget World::count(Token& token, Millis now) const {
  while (!token.requests.empty() && token.requests.front() <= now - hour) {
    token.requests.pop_front();
  }
  const auto first_recent = std::ranges::upper_bound(token.requests, now - minute);
  const auto recent = token.requests.end() - first_recent;
  const auto total = static_cast<int>(token.requests.size());
  Budget budget{.remaining = std::max(settings.limit_hour - total - 1, 0),
                .reset_at = (token.requests.empty() ? now : token.requests.front()) + hour};
  if (settings.enforce_limits && recent >= settings.limit_minute) {
    budget.verdict = Budget::Verdict::burst;
    budget.remaining = 0;
    budget.open_at =
        (settings.limit_minute > 0 ? *(token.requests.end() - settings.limit_minute) : now) +
        minute;
  } else if (settings.enforce_limits && total >= settings.limit_hour) {
    budget.verdict = Budget::Verdict::hour;
  } else {
    token.requests.push_back(now);
  }
  return budget;
}

}  // namespace sim
