// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "app/run/status.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

using app::Outcome;
using core::Exit;
using support::Rig;
using Lines = std::vector<std::string>;
using std::chrono::seconds;

// Whole runs against the Kubernetes in memory: Leases, the gate taint, Events.

namespace {

struct Cluster : Rig {
  Cluster() {
    invocation.config.lock = core::Lock::automatic;
    invocation.name_space = "egress";
    cloud.provider_id = fmt::format("digitalocean://{}", support::our_droplet);
  }

  // "METHOD last/part" of the requests to Kubernetes.
  Lines calls() const {
    Lines calls;
    for (const io::Request& request : http.sent) {
      if (request.server == io::Server::kubernetes && !request.connect_only) {
        calls.push_back(request.method + " " + request.url.substr(request.url.rfind('/') + 1));
      }
    }
    return calls;
  }

  support::FakeCloud::Lease& leased_to(const std::string& node, seconds ago, seconds duration) {
    auto& lease = cloud.leases[support::first_choice];
    lease = {.holder = node,
             .owner_uid = "uid-of-" + node,
             .renewed = clock.wall() - ago,
             .duration = duration,
             .version = 7,
             .transitions = 3};
    return lease;
  }
};

const std::string lease_of_first = "do-egress-ip-198.51.100.8";

}  // namespace

TEST_CASE("kubernetes: first claim under a Lease, takes five calls and does not settle") {
  Cluster cluster;
  cluster.invocation.config.gate_taint = core::Taint{"example.com/egress", "", "NoSchedule", ""};
  cluster.cloud.taints = {*cluster.invocation.config.gate_taint};  // as the node pool was made
  const Outcome outcome = cluster.run();
  CHECK(outcome.ending.exit == Exit::ok);
  const std::string node = "pool-egress-8b870";
  CHECK(cluster.calls() == Lines{"GET " + node, "POST selfsubjectaccessreviews", "POST leases",
                                 "PATCH " + node, "POST events"});
  const auto& lease = cluster.cloud.leases.at(support::first_choice);
  CHECK(lease.holder == "pool-egress-8b870");
  CHECK(lease.owner_uid == "uid-1");
  CHECK(lease.duration == seconds{150});  // --timeout and half a minute
  CHECK(lease.renewed == cluster.clock.wall());
  CHECK(cluster.cloud.events ==
        Lines{"EgressIPAssigned: egress IP 198.51.100.8 assigned to droplet 758604990 and proven; "
              "pods: unknown, the network of this node's pods is unknown"});
  cluster.forget();
  CHECK(cluster.run().result == Outcome::Result::unchanged);
  CHECK(cluster.calls() == Lines{"GET " + node});
}

TEST_CASE("kubernetes: Event of a claim, says where pods leave") {
  Cluster cluster;
  cluster.cloud.pod_network = "10.244.1.0/24";
  cluster.kernel.pods.translations = {{.source = support::prefix("10.244.0.0/16")}};
  cluster.run();
  REQUIRE(cluster.cloud.events.size() == 1);
  CHECK(cluster.cloud.events[0].find("and proven; pods: anchor, netfilter masquerades pods") !=
        std::string::npos);
}

TEST_CASE("kubernetes: repair of a label alone, has no Event that speaks of pods") {
  Cluster cluster;
  cluster.run();
  cluster.cloud.labels.clear();
  cluster.cloud.events.clear();
  CHECK(cluster.run().result == Outcome::Result::changed);
  for (const std::string& event : cluster.cloud.events) {
    CHECK(event.find("pods:") == std::string::npos);
  }
}

TEST_CASE("kubernetes: address leased by another Node, is not read") {
  Cluster cluster;
  cluster.leased_to("node-2", seconds{10}, seconds{60});
  const Outcome outcome = cluster.run();
  CHECK(outcome.floating_ip == support::second_choice);
  CHECK(outcome.steps[0].detail == "Node node-2 holds it for another 50 s");
  CHECK(cluster.cloud.leases.at(support::first_choice).holder == "node-2");
}

TEST_CASE("kubernetes: expired Lease, is taken over") {
  Cluster cluster;
  cluster.leased_to("node-2", seconds{60}, seconds{60});
  CHECK(cluster.run().floating_ip == support::first_choice);
  const auto& lease = cluster.cloud.leases.at(support::first_choice);
  CHECK(lease.holder == "pool-egress-8b870");
  CHECK(lease.transitions == 4);
  CHECK(lease.version == 8);
}

TEST_CASE("kubernetes: own Lease, is renewed, but not one of a deleted Node of our name") {
  Cluster cluster;
  auto& lease = cluster.leased_to("pool-egress-8b870", seconds{1}, seconds{60});
  SUBCASE("ours") {
    lease.owner_uid = "uid-1";
    CHECK(cluster.run().floating_ip == support::first_choice);
    CHECK(cluster.cloud.leases.at(support::first_choice).transitions == 3);
  }
  SUBCASE("the deleted Node's") {
    CHECK(cluster.run().floating_ip == support::second_choice);
  }
}

TEST_CASE("kubernetes: another node takes over first, is lost") {
  Cluster cluster;
  cluster.leased_to("node-2", seconds{60}, seconds{60});
  cluster.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (request.method == "PUT") {
      cluster.leased_to("node-3", seconds{0}, seconds{60}).version = 9;
    }
    return std::nullopt;
  };
  const Outcome outcome = cluster.run();
  CHECK(outcome.floating_ip == support::second_choice);
  CHECK(outcome.steps[0].detail == "Node node-3 holds it for another 60 s");
}

TEST_CASE("kubernetes: no reply to a Lease's creation, is found to be ours") {
  Cluster cluster;
  int posts = 0;
  cluster.cloud.afterwards = [&](const io::Request& request, support::Reply& reply) {
    if (request.method == "POST" && request.url.ends_with("/leases") && ++posts == 1) {
      reply = support::no_reply();
    }
  };
  CHECK(cluster.run().ending.exit == Exit::ok);
  CHECK(posts == 1);
}

TEST_CASE("kubernetes: address lost, its Lease is released") {
  Cluster cluster;
  cluster.cloud.afterwards = [&](const io::Request& request, support::Reply&) {
    if (request.method == "POST" && request.url.ends_with("/leases") &&
        cluster.cloud.leases.size() == 1) {
      cluster.cloud.addresses[support::first_choice].holder = support::other_droplet;
    }
  };
  CHECK(cluster.run().floating_ip == support::second_choice);
  CHECK_FALSE(cluster.cloud.leases.contains(support::first_choice));
  CHECK(cluster.cloud.leases.contains(support::second_choice));
}

namespace {

void check_nothing_claimed(Cluster& cluster, const std::string& because) {
  const Outcome outcome = cluster.run();
  CHECK(outcome.ending.exit == Exit::no_permission);
  CHECK(outcome.ending.message.find(because) != std::string::npos);
  CHECK_FALSE(cluster.cloud.held().has_value());
  CHECK(cluster.kernel.changes.empty());
}

}  // namespace

TEST_CASE("kubernetes: right denied by a review, no address is claimed") {
  Cluster cluster;
  cluster.cloud.denied = {"patch nodes"};
  SUBCASE("by a run") {
    check_nothing_claimed(cluster, "denies the service account to patch nodes");
  }
  SUBCASE("by a run without Leases") {
    cluster.invocation.config.lock = core::Lock::none;
    check_nothing_claimed(cluster, "denies the service account to patch nodes");
  }
  SUBCASE("by a dry run, which reviews the rights to Leases as well") {
    cluster.invocation.writes = app::Writes::none;
    cluster.cloud.denied.insert("update leases");
    check_nothing_claimed(cluster, "to patch nodes, update leases in egress");
    for (const io::Request& request : cluster.http.sent) {
      CHECK((request.method == "GET" || request.url.ends_with("/selfsubjectaccessreviews")));
    }
  }
}

TEST_CASE("kubernetes: call before the claim forbidden, nothing is claimed") {
  for (const std::string call : {"/leases", "/nodes/"}) {
    CAPTURE(call);
    for (const auto lock : {core::Lock::automatic, core::Lock::lease}) {
      Cluster cluster;
      cluster.invocation.config.lock = lock;
      cluster.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
        const bool forbidden = request.url.find(call) != std::string::npos;
        return forbidden ? std::optional(support::json_reply(R"({"message":"forbidden"})", 403))
                         : std::nullopt;
      };
      check_nothing_claimed(cluster, "cannot claim an address: ");
    }
  }
}

TEST_CASE("kubernetes: review unanswered or unknown, delays no claim") {
  for (const auto& reply :
       {support::no_reply(), support::json_reply("{}", 403), support::json_reply("{}", 404),
        support::json_reply("{}", 500), support::json_reply("[]", 201)}) {
    Cluster cluster;
    cluster.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
      return request.url.ends_with("reviews") ? std::optional(reply) : std::nullopt;
    };
    CHECK(cluster.run().ending.exit == Exit::ok);
    CHECK(cluster.cloud.held() == support::first_choice);
  }
}

TEST_CASE("kubernetes: address held, or status, no rights are reviewed") {
  Cluster cluster;
  cluster.invocation.command = app::Command::status;
  cluster.invocation.writes = app::Writes::none;
  cluster.run();
  CHECK(cluster.calls() == Lines{"GET pool-egress-8b870", "GET " + lease_of_first});
  cluster.invocation.command = app::Command::reconcile;
  cluster.invocation.writes = app::Writes::apply;
  cluster.cloud.addresses[support::first_choice].holder = support::our_droplet;
  cluster.forget();
  cluster.cloud.denied = {"patch nodes"};
  CHECK(cluster.run().ending.exit == Exit::ok);
  CHECK(cluster.calls() ==
        Lines{"GET pool-egress-8b870", "PATCH pool-egress-8b870", "POST events"});
}

TEST_CASE("kubernetes: taint added meanwhile, survives") {
  Cluster cluster;
  const core::Taint gate{"example.com/egress", "", "NoSchedule", ""};
  cluster.invocation.config.gate_taint = gate;
  cluster.cloud.taints = {gate};
  int patches = 0;
  cluster.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (request.method == "PATCH" && ++patches <= 2) {
      cluster.cloud.taints.push_back({fmt::format("other-{}", patches), "", "NoExecute", ""});
      ++cluster.cloud.node_version;
    }
    return std::nullopt;
  };
  CHECK(cluster.run().ending.exit == Exit::ok);
  CHECK(patches == 3);
  CHECK(cluster.cloud.taints == std::vector<core::Taint>{{"other-1", "", "NoExecute", ""},
                                                         {"other-2", "", "NoExecute", ""}});
}

TEST_CASE("kubernetes: another droplet's Node, ends with config and writes nothing") {
  Cluster cluster;
  cluster.cloud.provider_id = "digitalocean://1";
  CHECK(cluster.run().ending.exit == Exit::config);
  CHECK(cluster.kernel.changes.empty());
  for (const io::Request& request : cluster.http.sent) {
    CHECK((request.method == "GET" || request.url.ends_with("/events")));
  }
}

TEST_CASE("kubernetes: loop with the same finding, writes one Event in ten minutes") {
  Cluster cluster;
  for (auto& [address, entry] : cluster.cloud.addresses) {
    entry.holder = support::other_droplet;
  }
  for (int run = 0; run < 12; ++run) {
    CHECK(cluster.run().ending.exit == Exit::pool_exhausted);
    cluster.clock.now += seconds{5};
  }
  CHECK(cluster.cloud.events.size() <= 2);
  REQUIRE_FALSE(cluster.cloud.events.empty());
  CHECK(cluster.cloud.events[0].starts_with("PoolExhausted: cannot claim an address: "));
}

TEST_CASE("kubernetes: failed Event, ends with gate-failed or the missing right") {
  Cluster cluster;
  int status = 0;
  Exit exit = Exit::ok;
  SUBCASE("server error") {
    status = 500;
    exit = Exit::gate_failed;
  }
  SUBCASE("denied") {
    status = 403;
    exit = Exit::no_permission;
  }
  cluster.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (request.url.ends_with("/events")) {
      return support::json_reply(R"({"message":"no"})", status);
    }
    return std::nullopt;
  };
  const Outcome outcome = cluster.run();
  CHECK(outcome.ending.exit == exit);
  CHECK(outcome.result == Outcome::Result::failed);
  CHECK(outcome.floating_ip == support::first_choice);
}

TEST_CASE("kubernetes: status, reads the Lease if something differs or with -v") {
  Cluster cluster;
  cluster.invocation.command = app::Command::status;
  cluster.invocation.writes = app::Writes::none;
  const auto look = [&] {
    cluster.forget();
    return app::status(cluster.system, cluster.invocation);
  };
  const std::string node = "GET pool-egress-8b870";
  const std::string read = "GET " + lease_of_first;

  cluster.leased_to("node-2", seconds{10}, seconds{60});
  const auto leased = look().lease;
  CHECK(cluster.calls() == Lines{node, read});
  REQUIRE(leased.has_value());
  CHECK(leased->address == support::first_choice);
  REQUIRE(leased->holder.has_value());
  CHECK(leased->holder->name == "node-2");
  CHECK(leased->holder->left == seconds{50});

  cluster.cloud.leases.clear();
  CHECK_FALSE(look().lease.value().holder.has_value());

  cluster.converge();
  cluster.leased_to("pool-egress-8b870", seconds{90}, seconds{60});
  CHECK_FALSE(look().lease.has_value());
  CHECK(cluster.calls() == Lines{node});
  cluster.invocation.log_level = io::Level::debug;
  CHECK(look().lease.value().holder.value().left == seconds{0});
  CHECK(cluster.calls() == Lines{node, read});
}

TEST_CASE("kubernetes: status, shows the gate taint that is asked for") {
  Cluster cluster;
  cluster.converge();
  CHECK_FALSE(cluster.run().gate.has_value());
  cluster.invocation.config.gate_taint = core::Taint{"example.com/egress", "", "NoSchedule", ""};
  cluster.invocation.writes = app::Writes::none;
  CHECK_FALSE(cluster.run().gate.value().on_node);
  cluster.cloud.taints = {*cluster.invocation.config.gate_taint};
  CHECK(cluster.run().gate.value().on_node);
  cluster.invocation.writes = app::Writes::apply;
  CHECK_FALSE(cluster.run().gate.value().on_node);  // after the patch
}
