// SPDX-License-Identifier: Apache-2.0
#include "app/report/metrics.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

#include <set>
#include <sstream>

using app::Outcome;
using app::StepRecord;
using core::Exit;
using io::Server;
using Result = StepRecord::Result;

namespace {

constexpr std::chrono::seconds noon{1'700'000'000};
constexpr std::chrono::seconds later{1'700'000'030};

// A run with everything right.
Outcome steady() {
  return {.node = "node-1",
          .held = support::first_choice,
          .droplet = support::droplet(support::first_choice),
          .floating_ip = support::first_choice,
          .requests = {0, 1, 1},
          .replies = {{{Server::metadata, 200}, 1}, {{Server::kubernetes, 200}, 1}},
          .elapsed = io::Duration{12}};
}

StepRecord step(core::Action action, Result result = Result::done) {
  return {.step = {std::move(action), "a reason"}, .result = result};
}

StepRecord assigned(Result result = Result::done) {
  return step(core::AssignFloatingIp{support::first_choice, support::our_droplet}, result);
}

StepRecord switched(bool to_be_proven) {
  const std::uint8_t somebody = 16;
  return step(
      core::ReplaceDefault{{.protocol = to_be_proven ? core::unconfirmed_protocol : somebody}});
}

Outcome failed(Exit exit) {
  Outcome outcome = steady();
  outcome.result = Outcome::Result::failed;
  outcome.ending = {.exit = exit, .message = "why", .hint = "what then"};
  outcome.floating_ip.reset();
  return outcome;
}

// A run without metadata, so that nothing is known.
Outcome blind() {
  Outcome outcome = failed(Exit::unavailable);
  outcome.droplet.reset();
  outcome.held.reset();
  return outcome;
}

Outcome without_address() {
  Outcome outcome = failed(Exit::pool_exhausted);
  outcome.held.reset();
  return outcome;
}

std::string render(const Outcome& outcome, const std::string& previous = {},
                   std::chrono::seconds now = noon) {
  return app::render_metrics(outcome, now, previous);
}

// A sample's value as text; empty if it is missing.
std::string value(const std::string& metrics, const std::string& sample) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("do_egress_ip_" + sample + " ")) {
      return line.substr(line.rfind(' ') + 1);
    }
  }
  return {};
}

std::string of_requests(const std::string& metrics, const std::string& server,
                        const std::string& status) {
  return value(metrics, "requests_total{server=\"" + server + "\",status=\"" + status + "\"}");
}

const std::string address = "address_info{node=\"node-1\",address=\"198.51.100.8\"}";

}  // namespace

TEST_CASE("metrics: what the Node says of its pods, if it says anything") {
  Outcome outcome;
  CHECK(render(outcome).find("\ndo_egress_ip_pods_active ") == std::string::npos);
  outcome.pods = true;
  CHECK(render(outcome).find("\ndo_egress_ip_pods_active 1\n") != std::string::npos);
  outcome.pods = false;
  CHECK(render(outcome).find("\ndo_egress_ip_pods_active 0\n") != std::string::npos);
}

TEST_CASE("metrics: first claim, renders this file") {
  Outcome outcome = steady();
  outcome.result = Outcome::Result::changed;
  outcome.steps = {assigned(), switched(true)};
  outcome.requests = {5, 2, 4};
  outcome.replies = {{{Server::digitalocean, 200}, 3},
                     {{Server::digitalocean, 201}, 1},
                     {{Server::metadata, 200}, 2},
                     {{Server::kubernetes, 200}, 4}};
  outcome.elapsed = io::Duration{1'234};
  CHECK(render(outcome) ==
        R"(# HELP do_egress_ip_info The node and its last command.
# TYPE do_egress_ip_info gauge
do_egress_ip_info{command="reconcile",node="node-1",version=")" DO_EGRESS_IP_VERSION R"("} 1
# HELP do_egress_ip_address_info The reserved IP that the droplet holds, as last known.
# TYPE do_egress_ip_address_info gauge
do_egress_ip_address_info{node="node-1",address="198.51.100.8"} 1
# HELP do_egress_ip_pool_addresses How many addresses the pool has. Less those in use, it is how many are free.
# TYPE do_egress_ip_pool_addresses gauge
do_egress_ip_pool_addresses 0
# HELP do_egress_ip_egress_wanted Whether the node should have an egress IP: 0 if its name does not match, and after a release.
# TYPE do_egress_ip_egress_wanted gauge
do_egress_ip_egress_wanted 1
# HELP do_egress_ip_egress_active Whether the last run proved the egress IP.
# TYPE do_egress_ip_egress_active gauge
do_egress_ip_egress_active 1
# HELP do_egress_ip_pods_active Whether pods are seen as the egress IP, by the Node's label for them; none without.
# TYPE do_egress_ip_pods_active gauge
# HELP do_egress_ip_destinations How many networks of --destination the kernel has in each state.
# TYPE do_egress_ip_destinations gauge
do_egress_ip_destinations{state="proven"} 0
do_egress_ip_destinations{state="unconfirmed"} 0
do_egress_ip_destinations{state="unreachable"} 0
do_egress_ip_destinations{state="direct"} 0
# HELP do_egress_ip_last_run_result The result of the last run: 1 for that one, 0 for the others.
# TYPE do_egress_ip_last_run_result gauge
do_egress_ip_last_run_result{result="unchanged"} 0
do_egress_ip_last_run_result{result="changed"} 1
do_egress_ip_last_run_result{result="skipped"} 0
do_egress_ip_last_run_result{result="failed"} 0
# HELP do_egress_ip_last_run_exit_code The exit code of the last run.
# TYPE do_egress_ip_last_run_exit_code gauge
do_egress_ip_last_run_exit_code 0
# HELP do_egress_ip_last_run_duration_seconds How long the last run took.
# TYPE do_egress_ip_last_run_duration_seconds gauge
do_egress_ip_last_run_duration_seconds 1.234
# HELP do_egress_ip_last_run_timestamp_seconds When the last run ended.
# TYPE do_egress_ip_last_run_timestamp_seconds gauge
do_egress_ip_last_run_timestamp_seconds 1700000000
# HELP do_egress_ip_last_success_timestamp_seconds When a run last ended with 0; 0 if none has.
# TYPE do_egress_ip_last_success_timestamp_seconds gauge
do_egress_ip_last_success_timestamp_seconds 1700000000
# HELP do_egress_ip_requests_total Requests by server and HTTP status; none without a reply.
# TYPE do_egress_ip_requests_total counter
do_egress_ip_requests_total{server="digitalocean",status="200"} 3
do_egress_ip_requests_total{server="digitalocean",status="201"} 1
do_egress_ip_requests_total{server="digitalocean",status="none"} 1
do_egress_ip_requests_total{server="metadata",status="200"} 2
do_egress_ip_requests_total{server="kubernetes",status="200"} 4
# HELP do_egress_ip_runs_total Runs by result and exit code.
# TYPE do_egress_ip_runs_total counter
do_egress_ip_runs_total{result="unchanged",code="0"} 0
do_egress_ip_runs_total{result="changed",code="0"} 1
do_egress_ip_runs_total{result="skipped",code="0"} 0
do_egress_ip_runs_total{result="failed",code="10"} 0
do_egress_ip_runs_total{result="failed",code="11"} 0
do_egress_ip_runs_total{result="failed",code="12"} 0
do_egress_ip_runs_total{result="failed",code="13"} 0
do_egress_ip_runs_total{result="failed",code="14"} 0
do_egress_ip_runs_total{result="failed",code="15"} 0
do_egress_ip_runs_total{result="failed",code="69"} 0
do_egress_ip_runs_total{result="failed",code="70"} 0
do_egress_ip_runs_total{result="failed",code="71"} 0
do_egress_ip_runs_total{result="failed",code="75"} 0
do_egress_ip_runs_total{result="failed",code="77"} 0
do_egress_ip_runs_total{result="failed",code="78"} 0
do_egress_ip_runs_total{result="failed",code="130"} 0
do_egress_ip_runs_total{result="failed",code="143"} 0
# HELP do_egress_ip_claims_total Attempts to claim an address, by result.
# TYPE do_egress_ip_claims_total counter
do_egress_ip_claims_total{result="won"} 1
do_egress_ip_claims_total{result="failed"} 0
# HELP do_egress_ip_losses_total How often the address of the previous run was gone.
# TYPE do_egress_ip_losses_total counter
do_egress_ip_losses_total 0
# HELP do_egress_ip_rollbacks_total How often a run rolled back its own switch of the default route.
# TYPE do_egress_ip_rollbacks_total counter
do_egress_ip_rollbacks_total 0
)");
}

TEST_CASE("metrics: several runs, counters add up and gauges show the last run") {
  std::string metrics;
  for (int runs = 0; runs < 3; ++runs) {
    metrics = render(steady(), metrics);
  }
  Outcome limited = blind();
  limited.ending.exit = Exit::try_again;
  limited.replies = {{{Server::metadata, 503}, 1}};
  metrics = render(limited, metrics, later);
  CHECK(of_requests(metrics, "metadata", "200") == "3");
  CHECK(of_requests(metrics, "metadata", "503") == "1");
  CHECK(of_requests(metrics, "kubernetes", "200") == "3");
  CHECK(of_requests(metrics, "kubernetes", "none") == "1");
  CHECK(value(metrics, R"(runs_total{result="unchanged",code="0"})") == "3");
  CHECK(value(metrics, R"(runs_total{result="failed",code="75"})") == "1");
  CHECK(value(metrics, "last_run_exit_code") == "75");
  CHECK(value(metrics, "last_run_timestamp_seconds") == "1700000030");
  CHECK(value(metrics, "last_success_timestamp_seconds") == "1700000000");
}

TEST_CASE("metrics: failed read, keeps the address and shows no egress") {
  const std::string metrics = render(blind(), render(steady()));
  CHECK(value(metrics, address) == "1");
  CHECK(value(metrics, "egress_active") == "0");
  CHECK(value(metrics, "egress_wanted") == "1");
  CHECK(value(metrics, "losses_total") == "0");
  CHECK(value(render(blind()), address).empty());
}

TEST_CASE("metrics: lost address, counts as one loss") {
  std::string metrics = render(steady());
  metrics = render(without_address(), metrics);
  CHECK(value(metrics, "losses_total") == "1");
  CHECK(value(metrics, address).empty());
  metrics = render(without_address(), metrics);
  CHECK(value(metrics, "losses_total") == "1");
  SUBCASE("the next claim counts no loss") {
    Outcome again = steady();
    again.steps = {assigned()};
    CHECK(value(render(again, metrics), "losses_total") == "1");
  }
}

TEST_CASE("metrics: address replaced during the run, counts as a loss") {
  Outcome again = steady();
  again.steps = {assigned()};
  const std::string same = render(again, render(steady()));
  CHECK(value(same, "losses_total") == "1");
  CHECK(value(same, R"(claims_total{result="won"})") == "1");
  Outcome other = steady();
  other.held = support::second_choice;
  CHECK(value(render(other, render(steady())), "losses_total") == "1");
  CHECK(value(render(steady(), render(blind(), render(steady()))), "losses_total") == "0");
}

TEST_CASE("metrics: release, counts no loss and wants no egress") {
  Outcome released = steady();
  released.command = "release";
  released.result = Outcome::Result::changed;
  released.held.reset();
  released.floating_ip.reset();
  const std::string metrics = render(released, render(steady()));
  CHECK(value(metrics, "losses_total") == "0");
  CHECK(value(metrics, address).empty());
  CHECK(value(metrics, "egress_wanted") == "0");
  CHECK(value(metrics, "egress_active") == "0");
}

TEST_CASE("metrics: destinations, are counted by state as the kernel has them") {
  Outcome outcome = steady();
  const core::Route anchor{.via = {support::anchor_gateway, support::eth0},
                           .table = core::destination_table};
  core::Route closed{.table = core::destination_table, .type = core::unreachable_type};
  outcome.network.destinations = {
      {anchor, {support::prefix("192.0.2.0/24"), support::prefix("198.18.0.0/24")}},
      {closed, {support::prefix("198.18.1.0/24")}}};
  CHECK(value(render(outcome), R"(destinations{state="proven"})") == "2");
  CHECK(value(render(outcome), R"(destinations{state="unreachable"})") == "1");
  outcome.result = Outcome::Result::skipped;
  CHECK(value(render(outcome), R"(destinations{state="unreachable"})").empty());
}

TEST_CASE("metrics: name that does not match, has no address, egress or failure") {
  const Outcome skipped{.result = Outcome::Result::skipped, .node = "other"};
  const std::string metrics = render(skipped, render(steady()), later);
  CHECK(value(metrics, "egress_wanted") == "0");
  CHECK(metrics.find("address_info{") == std::string::npos);
  CHECK(value(metrics, "losses_total") == "0");
  CHECK(value(metrics, R"(last_run_result{result="skipped"})") == "1");
  CHECK(value(metrics, "last_success_timestamp_seconds") == "1700000030");
}

TEST_CASE("metrics: claims, are counted by result") {
  Outcome outcome = steady();
  outcome.steps = {assigned(Result::failed), assigned(Result::failed), assigned()};
  const std::string metrics = render(outcome);
  CHECK(value(metrics, R"(claims_total{result="won"})") == "1");
  CHECK(value(metrics, R"(claims_total{result="failed"})") == "2");
}

TEST_CASE("metrics: undone switch, counts as a rollback even after a signal") {
  const auto rollbacks = [](const Outcome& outcome) {
    return value(render(outcome), "rollbacks_total");
  };
  Outcome told = failed(Exit::rolled_back);
  told.steps = {switched(true), switched(false)};
  CHECK(rollbacks(told) == "1");
  told.ending.exit = Exit::terminated;
  CHECK(rollbacks(told) == "1");
  told.steps = {switched(true), step(core::RemoveRoute{})};  // there was no default before
  CHECK(rollbacks(told) == "1");
  told.steps = {switched(false), switched(true)};  // an address was lost and another one claimed
  CHECK(rollbacks(told) == "0");
  told.steps = {switched(true), switched(false)};
  told.steps[1].result = Result::failed;
  told.ending.exit = Exit::degraded;
  CHECK(rollbacks(told) == "0");
}

TEST_CASE("metrics: quotes, line feeds or other bytes in a label, keep the file valid") {
  Outcome outcome = steady();
  outcome.node = "a\"b\\c\nd\t9\xff\xc3\xa4";
  const std::string metrics = render(outcome);
  CHECK(metrics.find(R"(node="a\"b\\c\nd?9???",address="198.51.100.8"} 1)") != std::string::npos);
  SUBCASE("and can be read back") {
    CHECK(value(render(without_address(), metrics), "losses_total") == "1");
  }
}

TEST_CASE("metrics: malformed previous file, is ignored") {
  const std::string fresh = render(steady());
  const std::vector<std::string> foreign = {
      "garbage",
      "\n\n \n",
      std::string("\0\0\0\xff", 4),
      "# TYPE node_load1 gauge\nnode_load1 3\n",
      "do_egress_ip_losses_total",
      "do_egress_ip_losses_total ",
      "do_egress_ip_losses_total -1",
      "do_egress_ip_losses_total 1.5",
      "do_egress_ip_losses_total 1e3",
      "do_egress_ip_losses_total NaN",
      "do_egress_ip_losses_total 99999999999999999999",
      "do_egress_ip_losses_total 9007199254740992",
      "do_egress_ip_requests_total{server=\"other\",status=\"200\"} 7",
      "do_egress_ip_requests_total{server=\"metadata\",status=\"2000\"} 7",
      "do_egress_ip_requests_total{server=\"metadata\",status=\"\"} 7",
      "do_egress_ip_requests_total{server=\"metadata\",status=\"",
      "do_egress_ip_address_info{node=\"node-1\",address=\"198.51.100\"} 1",
      "do_egress_ip_address_info{node=\"\"} 1",
  };
  for (const std::string& text : foreign) {
    CAPTURE(text);
    CHECK(render(steady(), text) == fresh);
  }
  CHECK(value(render(blind(), "do_egress_ip_last_success_timestamp_seconds 1700000001"),
              "last_success_timestamp_seconds") == "0");
}

TEST_CASE("metrics: truncated previous file, counts as far as it goes") {
  const std::string whole = render(steady());
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string metrics = render(steady(), whole.substr(0, size));
    const std::string runs = value(metrics, R"(runs_total{result="unchanged",code="0"})");
    CHECK((runs == "1" || runs == "2"));
  }
}

TEST_CASE("metrics: every family, has help and type before its samples, once") {
  std::istringstream lines(render(steady()));
  std::set<std::string> families;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(families.insert(family).second);
      const bool counter = family.ends_with("_total");
      REQUIRE(std::getline(lines, line));
      CHECK(line == "# TYPE " + family + (counter ? " counter" : " gauge"));
      continue;
    }
    CHECK((line.starts_with(family + " ") || line.starts_with(family + "{")));
  }
  CHECK(families.size() == 17);
}
