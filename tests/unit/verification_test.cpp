// SPDX-License-Identifier: Apache-2.0
#include "core/plan/verification.hpp"

#include "app/commands.hpp"
#include "app/verify/verify.hpp"
#include "core/plan/node.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"
#include "unit/command_line.hpp"

using core::Exit;
using core::PodEgress;
using support::first_choice;
using support::public_address;
using support::Rig;
using support::second_choice;

namespace {

const std::string pod_label = "do-outbound-floating-ip-pods";
const core::Taint gate{"gate", "", "NoSchedule"};

core::Sighting seen(core::Ipv4 address) {
  return {.service = "https://a.test", .seen = address};
}
const core::Sighting silent{.service = "https://b.test", .problem = "GET https://b.test: timeout"};

// A pod on a node with its egress; the kernel of the rig stands for the way its packets go.
struct Pod : Rig {
  Pod() {
    converge();
    invocation.command = app::Command::verify;
    invocation.config.verify_urls = {support::verify_url};
    invocation.config.pool.clear();
    invocation.match = {};
  }
  app::Verification run() {
    forget();
    return app::verify(system, invocation);
  }
  void labels_pods() { invocation.config.pod_label = pod_label; }
  void gates() {
    labels_pods();
    invocation.config.gate_by = core::GateBy::pods;
    invocation.config.gate_taint = gate;
  }
  void leave_by_public() { kernel.network = support::booted(support::Topology::classic); }
  void silence(bool internet) {
    cloud.fault = [internet](const io::Request& request) -> std::optional<support::Reply> {
      const bool lost = request.server == io::Server::verify ||
                        (request.server == io::Server::digitalocean && !internet);
      return lost ? std::optional(support::no_reply()) : std::nullopt;
    };
  }
};

}  // namespace

TEST_CASE("verification: one wrong sighting beats right ones, a right one beats silent services") {
  CHECK(core::judge_sightings({seen(first_choice)}, first_choice).exit == Exit::ok);
  CHECK(core::judge_sightings({silent, seen(first_choice)}, first_choice).exit == Exit::ok);
  const auto wrong =
      core::judge_sightings({seen(first_choice), silent, seen(public_address)}, first_choice);
  CHECK(wrong.exit == Exit::rolled_back);
  CHECK(wrong.message ==
        "cannot verify the egress IP: https://a.test sees 203.0.113.10, not 198.51.100.8");
  const auto none = core::judge_sightings({silent}, first_choice);
  CHECK(none.exit == Exit::unavailable);
  CHECK(none.message == "cannot verify the egress IP: GET https://b.test: timeout");
}

TEST_CASE("verification: a Node without its labels, exit 78; with a false one, 75") {
  const auto exit = [](const core::Node& node, const std::string& label) {
    core::Config asked = support::asked();
    asked.pod_label = label;
    const auto promised = core::promised_address(node, asked);
    const auto* ending = std::get_if<core::Ending>(&promised);
    return ending == nullptr ? Exit::ok : ending->exit;
  };
  const core::Node none{.labels = {{"do-outbound-floating-ip-enabled", "false"}}};
  core::Node odd = support::labelled(first_choice);
  odd.labels["do-outbound-floating-ip"] = "soon";
  CHECK(exit(support::labelled(first_choice), "") == Exit::ok);
  CHECK(exit({}, "") == Exit::config);
  CHECK(exit({}, pod_label) == Exit::try_again);  // the chart labels it in a moment
  CHECK(exit(none, "") == Exit::try_again);
  CHECK(exit(odd, "") == Exit::try_again);
}

TEST_CASE("verification: silent services change no label while the internet answers") {
  CHECK(core::judge_pods({}, false) == PodEgress::proven);
  CHECK(core::judge_pods({.exit = Exit::rolled_back}, true) == PodEgress::broken);
  CHECK(core::judge_pods({.exit = Exit::unavailable}, true) == PodEgress::unknown);
  CHECK(core::judge_pods({.exit = Exit::unavailable}, false) == PodEgress::broken);
  CHECK(core::judge_pods({.exit = Exit::try_again}, true) == PodEgress::broken);
}

TEST_CASE("verify: a good run asks the Node and each service once, and writes nothing") {
  Pod pod;
  const auto found = pod.run();
  CHECK(found.ending.exit == Exit::ok);
  CHECK(found.expected == first_choice);
  CHECK(pod.http.calls() == std::vector<std::string>{"GET https://kubernetes.test/api/v1/nodes/" +
                                                         support::asked().node_name,
                                                     "GET " + support::verify_url});
  CHECK(pod.token_reads == 0);
  CHECK(pod.kernel.reads == 0);
  CHECK(pod.clock.slept.empty());
}

TEST_CASE("verify: another address than the label's, exit 13 after three tries") {
  Pod pod;
  pod.leave_by_public();
  const auto found = pod.run();
  CHECK(found.ending.exit == Exit::rolled_back);
  REQUIRE(found.sightings.size() == 1);
  CHECK(found.sightings[0].seen == public_address);
  CHECK(pod.http.counts()[3] == 3);
  CHECK(pod.cloud.labels == support::labelled(first_choice).labels);
}

TEST_CASE("verify: --expect needs no Kubernetes") {
  Pod pod;
  pod.invocation.kubernetes.reset();
  pod.invocation.config.expected = first_choice;
  CHECK(pod.run().ending.exit == Exit::ok);
  pod.invocation.config.expected = second_choice;
  CHECK(pod.run().ending.exit == Exit::rolled_back);
}

TEST_CASE("verify: no service answers, exit 69") {
  Pod pod;
  pod.silence(true);
  CHECK(pod.run().ending.exit == Exit::unavailable);
}

TEST_CASE("verify: a name that does not match, skipped without a request") {
  Pod pod;
  pod.invocation.match = {core::Match::Kind::substring, "other"};
  const auto found = pod.run();
  CHECK(found.result == app::Outcome::Result::skipped);
  CHECK(found.ending.exit == Exit::ok);
  CHECK(pod.http.sent.empty());
}

TEST_CASE("verify: the pod label follows what is seen, an Event tells each change") {
  Pod pod;
  pod.labels_pods();
  CHECK(pod.run().result == app::Outcome::Result::changed);
  CHECK(pod.cloud.labels[pod_label] == "true");
  CHECK(pod.run().result == app::Outcome::Result::unchanged);
  CHECK(pod.http.sent.size() == 2);

  pod.leave_by_public();
  CHECK(pod.run().ending.exit == Exit::rolled_back);
  CHECK(pod.cloud.labels[pod_label] == "false");
  REQUIRE(pod.cloud.events.size() == 2);
  CHECK(pod.cloud.events[0].starts_with("PodsEgressProven: "));
  CHECK(pod.cloud.events[1].starts_with("PodsEgressWrong: "));
}

TEST_CASE("verify: an outage of the services keeps the label, a dead pod loses it") {
  Pod pod;
  pod.labels_pods();
  REQUIRE(pod.run().ending.exit == Exit::ok);
  pod.silence(true);
  CHECK(pod.run().ending.exit == Exit::unavailable);
  CHECK(pod.cloud.labels[pod_label] == "true");
  pod.silence(false);
  CHECK(pod.run().ending.exit == Exit::unavailable);
  CHECK(pod.cloud.labels[pod_label] == "false");
  CHECK(pod.cloud.events.back().starts_with("PodsEgressLost: "));
}

TEST_CASE("verify: --gate-by pods lifts the taint, and puts it back") {
  Pod pod;
  pod.gates();
  pod.cloud.taints = {{"other", "", "NoExecute"}, gate};
  CHECK(pod.run().ending.exit == Exit::ok);
  CHECK(pod.cloud.taints == std::vector<core::Taint>{{"other", "", "NoExecute"}});
  pod.leave_by_public();
  pod.run();
  REQUIRE(pod.cloud.taints.size() == 2);
  CHECK(pod.cloud.taints[1].key == gate.key);
}

TEST_CASE("verify: without --gate-by pods the taint is left alone") {
  Pod pod;
  pod.gates();
  pod.invocation.config.gate_by = core::GateBy::egress;
  pod.cloud.taints = {gate};
  CHECK(pod.run().ending.exit == Exit::ok);
  CHECK(pod.cloud.taints == std::vector<core::Taint>{gate});
}

TEST_CASE("verify: a Node that loses its egress meanwhile does not get its pod label true") {
  Pod pod;
  pod.gates();
  pod.cloud.taints = {gate};
  bool once = true;
  pod.cloud.afterwards = [&](const io::Request& request, support::Reply&) {
    if (once && request.server == io::Server::kubernetes) {
      once = false;  // reconcile, beside us
      pod.cloud.labels = {{"do-outbound-floating-ip-enabled", "false"}};
      ++pod.cloud.node_version;
    }
  };
  CHECK(pod.run().ending.exit == Exit::try_again);
  CHECK(pod.cloud.labels[pod_label] == "false");
  CHECK(pod.cloud.taints == std::vector<core::Taint>{gate});
}

TEST_CASE("verify: a label that cannot be written, exit 77 and the sighting is told") {
  Pod pod;
  pod.labels_pods();
  pod.cloud.fault = [](const io::Request& request) -> std::optional<support::Reply> {
    return request.method == "PATCH" ? std::optional(support::json_reply("{}", 403)) : std::nullopt;
  };
  const auto found = pod.run();
  CHECK(found.ending.exit == Exit::no_permission);
  REQUIRE(found.sightings.size() == 1);
  CHECK(found.sightings[0].seen == first_choice);
  CHECK(found.steps.at(0).result == app::StepRecord::Result::failed);
}

TEST_CASE("verify: a dry run shows the step and writes nothing") {
  Pod pod;
  pod.labels_pods();
  pod.invocation.writes = app::Writes::none;
  const auto found = pod.run();
  CHECK(found.result == app::Outcome::Result::planned);
  CHECK_FALSE(pod.cloud.labels.contains(pod_label));
  CHECK(pod.cloud.events.empty());
}

TEST_CASE("node: --gate-by pods, reconcile puts the taint back and never lifts it") {
  core::Config asked = support::asked();
  asked.pod_label = pod_label;
  asked.gate_by = core::GateBy::pods;
  asked.gate_taint = gate;
  core::Node node = support::labelled(first_choice);
  node.labels[pod_label] = "true";
  node.taints = {gate};
  CHECK_FALSE(core::node_patch(node, asked, first_choice).has_value());
  node.taints = {};
  CHECK_FALSE(core::node_patch(node, asked, first_choice).has_value());
  const core::Node lost = core::with_patch(node, asked, std::nullopt);
  REQUIRE(lost.taints.size() == 1);
  CHECK(lost.taints[0].key == gate.key);
  CHECK(lost.labels.at(pod_label) == "false");
}

TEST_CASE("verify: what it needs is known before any request") {
  const auto refusal = [](std::vector<std::string> more, bool in_pod = false) {
    unit::CommandLine line{.arguments = {"verify"}, .variables = {}};
    line.arguments.insert(line.arguments.end(), more.begin(), more.end());
    if (in_pod) {
      line.variables["KUBERNETES_SERVICE_HOST"] = "10.245.0.1";
    }
    return line.refusal().error;
  };
  const std::vector<std::string> url = {"--verify-url", "https://a.test"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), url.begin(), url.end());
    return more;
  };
  CHECK(refusal({"--expect", "198.51.100.8"}).exit() == Exit::usage);
  CHECK(refusal(with({})).exit() == Exit::usage);
  CHECK(refusal(with({"--kubernetes", "off"}), true).exit() == Exit::usage);
  CHECK(refusal(with({}), true).exit() == Exit::config);  // no token is mounted
  CHECK(refusal(with({"--expect", "198.51.100.8", "--pod-label", "a"})).exit() == Exit::config);
  CHECK(refusal(with({"--expect", "198.51.100.8", "--gate-by", "pods"})).exit() == Exit::config);
  CHECK(refusal(with({"--expect", "198.51.100.300"})).exit() == Exit::usage);
  CHECK(refusal(with({"--expect", "198.51.100.8", "--token-file", "x"})).exit() == Exit::usage);
}

TEST_CASE("verify: the JSON document says what each service sees") {
  Pod pod;
  pod.leave_by_public();
  pod.invocation.output = app::Output::json;
  const auto report = app::execute(pod.system, pod.invocation);
  CHECK(report.exit == Exit::rolled_back);
  CHECK(report.output.find(R"("command":"verify")") != std::string::npos);
  CHECK(report.output.find(R"("floating_ip":"198.51.100.8")") != std::string::npos);
  CHECK(
      report.output.find(
          R"("services":[{"url":"https://whatismyip.test","address":"203.0.113.10","error":null}])") !=
      std::string::npos);
}
