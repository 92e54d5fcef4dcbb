// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using app::Outcome;
using app::StepRecord;
using core::Exit;
using nlohmann::json;

namespace {

// A run that claimed an address and switched, but could not label.
Outcome eventful() {
  return {.result = Outcome::Result::failed,
          .ending = {.exit = Exit::gate_failed, .message = "egress is in force, but", .hint = "h"},
          .steps = {{.step = {core::AssignFloatingIp{support::first_choice, support::our_droplet},
                              "none is held"},
                     .result = StepRecord::Result::done},
                    {.step = {core::PatchNode{"node-1", {{"e", "true"}, {"a", std::nullopt}}},
                              "label e is absent"},
                     .result = StepRecord::Result::failed,
                     .detail = "denied"}},
          .node = "node-1",
          .droplet = support::droplet(support::first_choice),
          .floating_ip = support::first_choice,
          .network = support::converged(support::Topology::classic),
          .requests = {5, 1, 2},
          .elapsed = io::Duration{1'234}};
}

Outcome steady() {
  Outcome outcome = eventful();
  outcome.result = Outcome::Result::unchanged;
  outcome.ending = {};
  outcome.steps.clear();
  return outcome;
}

json parsed(const Outcome& outcome) {
  return json::parse(app::render_json(outcome));
}

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) {
    names.push_back(key);
  }
  return names;
}

std::string action(const core::Action& value) {
  return app::render_action(value, support::converged(support::Topology::classic));
}

std::string step_line(const core::Action& value, StepRecord::Result result,
                      const std::string& detail) {
  return app::render_step({.step = {value, "the reason"}, .result = result, .detail = detail},
                          support::booted(support::Topology::classic), app::Reasons::hide);
}

}  // namespace

// Fields are only added (SPEC section 4).
TEST_CASE("report: JSON, has every field with its type") {
  const json document = parsed(eventful());
  CHECK(keys(document) ==
        std::vector<std::string>{"command", "destinations", "droplet", "elapsed_seconds", "error",
                                 "exit", "floating_ip", "gate_taint", "labels", "lease", "node",
                                 "pods", "requests", "result", "retry_after_seconds", "route",
                                 "schema", "steps", "version"});
  CHECK(document["schema"] == 1);
  CHECK(document["command"] == "reconcile");
  CHECK(document["version"] == DO_EGRESS_IP_VERSION);
  CHECK(document["node"] == "node-1");
  CHECK(document["result"] == "failed");
  CHECK(document["exit"] == json{{"code", 15}, {"name", "gate-failed"}, {"retry", true}});
  CHECK(document["droplet"] == json{{"id", 758604990}, {"region", "nyc3"}});
  CHECK(document["floating_ip"] == "198.51.100.8");
  CHECK(document["route"] ==
        json{{"gateway", "10.17.0.1"}, {"device", "eth0"}, {"source", "10.17.0.5"}});
  CHECK(document["steps"][0] == json{{"action", "assign"},
                                     {"target", "198.51.100.8 to droplet 758604990"},
                                     {"reason", "none is held"},
                                     {"result", "done"},
                                     {"detail", ""}});
  CHECK(document["steps"][1] == json{{"action", "label-node"},
                                     {"target", "node-1 a- e=true"},
                                     {"reason", "label e is absent"},
                                     {"result", "failed"},
                                     {"detail", "denied"}});
  CHECK(document["error"] == json{{"message", "egress is in force, but"}, {"hint", "h"}});
  CHECK(document["requests"] ==
        json{{"digitalocean", 5}, {"metadata", 1}, {"kubernetes", 2}, {"verify", 0}});
  CHECK(document["elapsed_seconds"] == 1.234);
  CHECK(document["retry_after_seconds"].is_null());
}

TEST_CASE("report: rate limit, JSON has the time of the next run") {
  Outcome outcome = eventful();
  outcome.ending.retry_after = std::chrono::seconds{77};
  CHECK(parsed(outcome)["retry_after_seconds"] == 77);
}

TEST_CASE("report: JSON, is one line with null for unknown values") {
  const std::string text = app::render_json(Outcome{});
  CHECK(text.find('\n') == text.size() - 1);
  const json document = json::parse(text);
  CHECK(keys(document) == keys(parsed(eventful())));
  for (const char* key : {"droplet", "floating_ip", "route", "labels", "error"}) {
    CAPTURE(key);
    CHECK(document[key].is_null());
  }
  CHECK(document["steps"] == json::array());
  CHECK(document["exit"] == json{{"code", 0}, {"name", "ok"}, {"retry", false}});
}

TEST_CASE("report: default without gateway, device or source, has nulls there") {
  Outcome outcome = steady();
  outcome.network = {.routes = {{.via = {{}, 9}}}};
  CHECK(parsed(outcome)["route"] ==
        json{{"gateway", nullptr}, {"device", nullptr}, {"source", nullptr}});
}

TEST_CASE("report: text that is not UTF-8, keeps JSON valid") {
  Outcome outcome = eventful();
  outcome.ending.message = "bytes \xff\xfe from a proxy";
  CHECK(parsed(outcome)["error"]["message"] == "bytes \xef\xbf\xbd\xef\xbf\xbd from a proxy");
}

TEST_CASE("report: every result, has its word") {
  Outcome outcome = eventful();
  const std::vector<std::string> results = {"unchanged", "changed", "skipped", "planned", "failed"};
  for (std::size_t index = 0; index < results.size(); ++index) {
    outcome.result = static_cast<Outcome::Result>(index);
    CHECK(parsed(outcome)["result"] == results[index]);
  }
  const std::vector<std::string> step_results = {"done", "failed", "skipped", "planned"};
  for (std::size_t index = 0; index < step_results.size(); ++index) {
    outcome.steps[0].result = static_cast<StepRecord::Result>(index);
    CHECK(parsed(outcome)["steps"][0]["result"] == step_results[index]);
  }
}

TEST_CASE("report: a step is one aligned line, its reason below it where asked") {
  const core::AssignFloatingIp assign{support::first_choice, support::our_droplet};
  CHECK(step_line(assign, StepRecord::Result::done, "") ==
        "reserved IP      198.51.100.8 to droplet 758604990\n");
  CHECK(step_line(assign, StepRecord::Result::failed, "droplet 7 holds it") ==
        "reserved IP      failed: 198.51.100.8 to droplet 758604990: droplet 7 holds it\n");
  const core::Network network = support::converged(support::Topology::classic);
  CHECK(app::render_step({.step = {assign, "the reason"}}, network, app::Reasons::show) ==
        "reserved IP      198.51.100.8 to droplet 758604990\n                   the reason\n");
  CHECK(step_line(core::RemoveRule{{.priority = 8}}, StepRecord::Result::done, "") ==
        "rule             8 from all lookup main removed\n");
}

TEST_CASE("report: a new default says what it replaces, a rollback that it is one") {
  const core::Route by_anchor{.via = {support::anchor_gateway, support::eth0},
                              .protocol = core::unconfirmed_protocol};
  CHECK(step_line(core::ReplaceDefault{by_anchor}, StepRecord::Result::done, "") ==
        "default route    10.17.0.1 dev eth0   (was 203.0.113.1 dev eth0)\n");
  const core::Network after = support::converged(support::Topology::classic);
  const core::Route before{.via = {support::public_gateway, support::eth0}, .protocol = 4};
  CHECK(app::render_step({.step = {core::ReplaceDefault{before}, ""}, .rollback = true}, after,
                         app::Reasons::hide) ==
        "rolled back      default route 203.0.113.1 dev eth0   (was 10.17.0.1 dev eth0)\n");
}

TEST_CASE("report: the result is one line, without the cause of a failure") {
  CHECK(app::render_result(eventful()) == "failed: gate-failed (15)\n");
  CHECK(app::render_result(steady()) == "unchanged: node-1: egress IP 198.51.100.8\n");
  Outcome outcome = steady();
  outcome.result = Outcome::Result::changed;
  CHECK(app::render_result(outcome) == "changed: node-1: egress IP 198.51.100.8\n");
  outcome.result = Outcome::Result::planned;
  CHECK(app::render_result(outcome) ==
        "planned: node-1: egress IP would be 198.51.100.8; nothing was written\n");
  outcome.result = Outcome::Result::skipped;
  outcome.ending.message = "the name \"x\" does not contain \"y\"";
  CHECK(app::render_result(outcome) == "skipped: the name \"x\" does not contain \"y\"\n");
  outcome = steady();
  outcome.command = "release";
  outcome.result = Outcome::Result::changed;
  CHECK(app::render_result(outcome) == "changed: node-1: all changes undone\n");
}

TEST_CASE("report: only the first word of a line has a colour") {
  CHECK(app::colored("changed: node-1: failed\nmark  x\nrolled back  y\n") ==
        "\033[32mchanged\033[0m: node-1: failed\nmark  x\n\033[31mrolled back\033[0m  y\n");
  CHECK(app::colored("okay\n") == "okay\n");
}

TEST_CASE("report: every action, has its words") {
  const core::Route route{.destination = support::prefix("192.0.2.0/24"),
                          .via = {support::public_gateway, support::eth0},
                          .source = support::public_address,
                          .metric = 100,
                          .table = core::public_table};
  const std::string words =
      "192.0.2.0/24 via 203.0.113.1 dev eth0 src 203.0.113.10 metric 100 table 17310";
  CHECK(action(core::SetRoute{route}) == "set-route " + words);
  CHECK(action(core::RemoveRoute{route}) == "remove-route " + words);
  core::Route by_anchor{.via = {support::anchor_gateway, 99}, .protocol = 4};
  CHECK(action(core::ReplaceDefault{by_anchor}) == "replace-default default via 10.17.0.1 dev 99");
  by_anchor.protocol = core::unconfirmed_protocol;
  CHECK(action(core::ReplaceDefault{by_anchor}) == "replace-default default via 10.17.0.1 dev 99");
  by_anchor.protocol = core::our_protocol;
  CHECK(action(core::ReplaceDefault{by_anchor}) == "confirm-default default via 10.17.0.1 dev 99");
  const core::Rule rule{.priority = 7, .source = support::prefix("10.0.0.0/8"), .table = 135};
  CHECK(action(core::AddRule{rule}) == "add-rule 7 from 10.0.0.0/8 lookup 135");
  CHECK(action(core::RemoveRule{{.priority = 8, .suppress_prefixlength = 0}}) ==
        "remove-rule 8 from all lookup main without its default");
  CHECK(action(core::PatchNode{"n", {{"a", "b"}, {"c", std::nullopt}}}) == "label-node n a=b c-");
}

TEST_CASE("report: exit code, is the ending's unless an option changes it") {
  app::Invocation invocation;
  Outcome outcome = steady();
  const auto exit = [&] { return app::exit_of(outcome, invocation); };
  for (const auto result : {Outcome::Result::unchanged, Outcome::Result::changed,
                            Outcome::Result::planned, Outcome::Result::skipped}) {
    outcome.result = result;
    CHECK(exit() == Exit::ok);
  }
  outcome = eventful();
  CHECK(exit() == Exit::gate_failed);
  invocation.detailed_exitcode = true;
  CHECK(exit() == Exit::gate_failed);
  invocation.ok_codes = {Exit::gate_failed};
  CHECK(exit() == Exit::ok);
}

TEST_CASE("report: --detailed-exitcode, shows a change and no match") {
  app::Invocation invocation{.detailed_exitcode = true};
  Outcome outcome = steady();
  const auto exit = [&](Outcome::Result result) {
    outcome.result = result;
    return app::exit_of(outcome, invocation);
  };
  CHECK(exit(Outcome::Result::unchanged) == Exit::ok);
  CHECK(exit(Outcome::Result::changed) == Exit::changed);
  CHECK(exit(Outcome::Result::planned) == Exit::changed);
  CHECK(exit(Outcome::Result::skipped) == Exit::not_matched);
  invocation.ok_codes = {Exit::changed};
  CHECK(exit(Outcome::Result::changed) == Exit::ok);
}

TEST_CASE("report: gate taint and Lease, are in the JSON document and in the text of status") {
  Outcome outcome{.node = "node-1", .node_is_known = true};
  outcome.gate = app::GateState{{"example.com/egress", "", "NoSchedule", ""}, true};
  outcome.lease = app::LeaseState{.address = support::first_choice};
  outcome.lease->holder = cloud::Holder{"node-2", std::chrono::seconds{50}};
  const auto text = [&] { return app::render_status(outcome, app::Reasons::hide); };
  const auto has = [&](const std::string& line) { return text().find(line) != std::string::npos; };

  CHECK(has("\n  gate taint     example.com/egress:NoSchedule is on the Node\n"));
  CHECK(has("\n  lease          198.51.100.8 held by Node node-2, expires in 50 s\n"));
  CHECK(parsed(outcome)["gate_taint"] ==
        json{{"key", "example.com/egress"}, {"effect", "NoSchedule"}, {"on_node", true}});
  CHECK(parsed(outcome)["lease"] ==
        json{{"address", "198.51.100.8"}, {"holder", "node-2"}, {"expires_in_seconds", 50}});

  outcome.gate->on_node = false;
  outcome.lease->holder->left = std::chrono::seconds{0};
  CHECK(has("  gate taint     example.com/egress:NoSchedule is not on the Node\n"));
  CHECK(has("  lease          198.51.100.8 held by Node node-2, expired\n"));
  outcome.lease->holder.reset();
  CHECK(has("  lease          198.51.100.8 held by no Node\n"));
  CHECK(parsed(outcome)["lease"] ==
        json{{"address", "198.51.100.8"}, {"holder", nullptr}, {"expires_in_seconds", nullptr}});
  outcome.lease->error = core::Error(Exit::no_permission, "cannot read it");
  CHECK(has("  lease          198.51.100.8 unknown: cannot read it\n"));
  CHECK(parsed(outcome)["lease"].is_null());
}

TEST_CASE("report: result that stdout does not take, ends with 71 unless the run failed") {
  app::Invocation asked;
  for (const Exit exit : {Exit::ok, Exit::changed, Exit::not_matched}) {
    CHECK(app::exit_without_output(exit, asked) == Exit::os_error);
  }
  CHECK(app::exit_without_output(Exit::rolled_back, asked) == Exit::rolled_back);
  asked.ok_codes = {Exit::os_error};
  CHECK(app::exit_without_output(Exit::changed, asked) == Exit::ok);
}
