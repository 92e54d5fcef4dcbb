// SPDX-License-Identifier: Apache-2.0
#include "app/report/metrics.hpp"

#include "app/report/previous_metrics.hpp"
#include "app/report/report.hpp"
#include "core/plan/destinations.hpp"

#include <algorithm>
#include <array>

namespace app {
namespace {

using core::Exit;
using Result = Outcome::Result;

constexpr std::array results = {Result::unchanged, Result::changed, Result::skipped,
                                Result::failed};

// All endings of runs. Prometheus misses the first increment of a counter that did not exist
// before, so every counter starts at 0.
std::vector<std::pair<Result, Exit>> endings() {
  std::vector<std::pair<Result, Exit>> all = {
      {Result::unchanged, Exit::ok}, {Result::changed, Exit::ok}, {Result::skipped, Exit::ok}};
  for (const core::ExitFacts& facts : core::exit_table()) {
    const bool good = facts.exit == Exit::ok || facts.exit == Exit::changed ||
                      facts.exit == Exit::not_matched || facts.exit == Exit::usage;
    if (!good) {
      all.emplace_back(Result::failed, facts.exit);
    }
  }
  return all;
}

// Writes families of samples in Prometheus' text format.
class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }

  template <typename Value>
  void sample(const Value& value, const std::string& labels = {}) {
    text_ += fmt::format("{}{} {}\n", name_, labels, value);
  }

  std::string text() { return std::move(text_); }

 private:
  std::string_view name_ = {};
  std::string text_ = {};
};

bool is_done(const StepRecord& record) {
  return record.result == StepRecord::Result::done;
}

template <typename Action>
bool has_done(const Outcome& outcome) {
  return std::ranges::any_of(outcome.steps, [](const StepRecord& record) {
    return is_done(record) && std::holds_alternative<Action>(record.step.action);
  });
}

std::uint64_t claims(const Outcome& outcome, StepRecord::Result result) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(outcome.steps, [result](const StepRecord& record) {
        return record.result == result &&
               std::holds_alternative<core::AssignFloatingIp>(record.step.action);
      }));
}

// Whether a switch was undone before its proof, even if the run ended for another reason, such as a
// signal.
bool is_rolled_back(const Outcome& outcome) {
  bool switched = false;
  bool undone = false;
  for (const StepRecord& record : outcome.steps) {
    const auto* replaced = std::get_if<core::ReplaceDefault>(&record.step.action);
    const auto* removed = std::get_if<core::RemoveRoute>(&record.step.action);
    const auto* destinations = std::get_if<core::SetDestinations>(&record.step.action);
    if (!is_done(record)) {
      continue;
    }
    undone = undone ||
             (switched && replaced != nullptr &&
              replaced->route.protocol != core::unconfirmed_protocol &&
              replaced->route.protocol != core::our_protocol) ||
             (switched && removed != nullptr && removed->route.destination == core::Prefix{}) ||
             (switched && destinations != nullptr &&
              destinations->routes.like.type == core::unreachable_type);
    switched = switched ||
               (replaced != nullptr && replaced->route.protocol == core::unconfirmed_protocol) ||
               (destinations != nullptr &&
                destinations->routes.like.protocol == core::unconfirmed_protocol);
  }
  return undone || outcome.ending.exit == Exit::rolled_back;
}

bool is_wanted(const Outcome& outcome) {
  return outcome.command == "reconcile" && outcome.result != Result::skipped;
}

// The droplet's address as far as known: the previous one if it could not be read.
std::optional<core::Ipv4> address_of(const Outcome& outcome, const PreviousMetrics& previous) {
  if (outcome.result == Result::skipped) {
    return std::nullopt;
  }
  return outcome.droplet ? outcome.held : previous.address;
}

// A claim means that the droplet had lost its address.
bool is_lost(const Outcome& outcome, const PreviousMetrics& previous) {
  return is_wanted(outcome) && previous.address && outcome.droplet &&
         (outcome.held != previous.address || has_done<core::AssignFloatingIp>(outcome));
}

void add_node(Page& page, const Outcome& outcome, const PreviousMetrics& previous) {
  page.family("do_egress_ip_info", "gauge", "The node and its last command.");
  page.sample(1, labels({{"command", outcome.command},
                         {"node", outcome.node},
                         {"version", DO_EGRESS_IP_VERSION}}));
  page.family("do_egress_ip_address_info", "gauge",
              "The reserved IP that the droplet holds, as last known.");
  if (const auto address = address_of(outcome, previous)) {
    page.sample(1, labels({{"node", outcome.node}, {"address", address->to_string()}}));
  }
  page.family("do_egress_ip_pool_addresses", "gauge",
              "How many addresses the pool has. Less those in use, it is how many are free.");
  page.sample(outcome.pool);
  page.family(
      "do_egress_ip_egress_wanted", "gauge",
      "Whether the node should have an egress IP: 0 if its name does not match, and after a "
      "release.");
  page.sample(is_wanted(outcome) ? 1 : 0);
  page.family("do_egress_ip_egress_active", "gauge", "Whether the last run proved the egress IP.");
  page.sample(is_wanted(outcome) && outcome.floating_ip ? 1 : 0);
  page.family(
      "do_egress_ip_pods_active", "gauge",
      "Whether pods are seen as the egress IP, by the Node's label for them; none without.");
  if (outcome.pods) {
    page.sample(*outcome.pods ? 1 : 0);
  }
}

// A node that does not match was not looked at.
void add_destinations(Page& page, const Outcome& outcome) {
  page.family("do_egress_ip_destinations", "gauge",
              "How many networks of --destination the kernel has in each state.");
  if (outcome.result == Result::skipped) {
    return;
  }
  const auto counts = core::count_destinations(outcome.network);
  page.sample(counts.proven, labels({{"state", "proven"}}));
  page.sample(counts.unconfirmed, labels({{"state", "unconfirmed"}}));
  page.sample(counts.unreachable, labels({{"state", "unreachable"}}));
  page.sample(counts.direct, labels({{"state", "direct"}}));
}

void add_run(Page& page, const Outcome& outcome, std::chrono::seconds now,
             const PreviousMetrics& previous) {
  page.family("do_egress_ip_last_run_result", "gauge",
              "The result of the last run: 1 for that one, 0 for the others.");
  for (const Result result : results) {
    page.sample(result == outcome.result ? 1 : 0, labels({{"result", name_of(result)}}));
  }
  page.family("do_egress_ip_last_run_exit_code", "gauge", "The exit code of the last run.");
  page.sample(static_cast<int>(outcome.ending.exit));
  page.family("do_egress_ip_last_run_duration_seconds", "gauge", "How long the last run took.");
  page.sample(static_cast<double>(outcome.elapsed.count()) / 1000);
  page.family("do_egress_ip_last_run_timestamp_seconds", "gauge", "When the last run ended.");
  page.sample(now.count());
  page.family("do_egress_ip_last_success_timestamp_seconds", "gauge",
              "When a run last ended with 0; 0 if none has.");
  // A later time than now comes from a wrong clock.
  const auto before =
      previous.last_success <= now ? previous.last_success : std::chrono::seconds{0};
  page.sample((outcome.ending.exit == Exit::ok ? now : before).count());
}

// All requests so far by server and status.
auto requests_until_now(const Outcome& outcome, const PreviousMetrics& previous) {
  auto requests = previous.requests;
  auto unanswered = outcome.requests;
  for (const auto& [reply, count] : outcome.replies) {
    requests[{reply.first, fmt::format("{}", reply.second)}] += static_cast<std::uint64_t>(count);
    unanswered.at(static_cast<std::size_t>(reply.first)) -= count;
  }
  for (std::size_t server = 0; server < unanswered.size(); ++server) {
    if (unanswered.at(server) > 0) {
      requests[{static_cast<io::Server>(server), "none"}] +=
          static_cast<std::uint64_t>(unanswered.at(server));
    }
  }
  return requests;
}

void add_requests(Page& page, const Outcome& outcome, const PreviousMetrics& previous) {
  page.family("do_egress_ip_requests_total", "counter",
              "Requests by server and HTTP status; none without a reply.");
  for (const auto& [key, count] : requests_until_now(outcome, previous)) {
    page.sample(count, request_labels(key.first, key.second));
  }
}

void add_counters(Page& page, const Outcome& outcome, const PreviousMetrics& previous) {
  page.family("do_egress_ip_runs_total", "counter", "Runs by result and exit code.");
  for (const auto& [result, exit] : endings()) {
    const std::string by =
        labels({{"result", name_of(result)}, {"code", fmt::format("{}", static_cast<int>(exit))}});
    const bool now = result == outcome.result && exit == outcome.ending.exit;
    page.sample(previous.count("do_egress_ip_runs_total" + by) + (now ? 1U : 0U), by);
  }
  page.family("do_egress_ip_claims_total", "counter", "Attempts to claim an address, by result.");
  const std::string won = labels({{"result", "won"}});
  const std::string failed = labels({{"result", "failed"}});
  page.sample(
      previous.count("do_egress_ip_claims_total" + won) + claims(outcome, StepRecord::Result::done),
      won);
  page.sample(previous.count("do_egress_ip_claims_total" + failed) +
                  claims(outcome, StepRecord::Result::failed),
              failed);
  page.family("do_egress_ip_losses_total", "counter",
              "How often the address of the previous run was gone.");
  page.sample(previous.count("do_egress_ip_losses_total") + (is_lost(outcome, previous) ? 1U : 0U));
  page.family("do_egress_ip_rollbacks_total", "counter",
              "How often a run rolled back its own switch of the default route.");
  page.sample(previous.count("do_egress_ip_rollbacks_total") + (is_rolled_back(outcome) ? 1U : 0U));
}

}  // namespace

std::string render_metrics(const Outcome& outcome, std::chrono::seconds now,
                           const std::string& previous_text) {
  const PreviousMetrics previous = parse_metrics(previous_text);
  Page page;
  add_node(page, outcome, previous);
  add_destinations(page, outcome);
  add_run(page, outcome, now, previous);
  add_requests(page, outcome, previous);
  add_counters(page, outcome, previous);
  return page.text();
}

}  // namespace app
