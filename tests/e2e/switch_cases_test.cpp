// SPDX-License-Identifier: Apache-2.0
// Switches that went wrong in the field: what counts as a proof, and what an interrupted run
// leaves. S1, S2, S5, S6, S7, S8 of the field cases.
#include "window.hpp"

#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <thread>

using dirty::DirtyNode;
using dirty::verify;
using namespace window;
using namespace std::chrono_literals;
using support::Child;
using support::DatagramFlow;
using support::DatagramService;
using support::Json;
using support::Run;

namespace {

// S1 on a node that reaches the API server without the anchor.
void check_dead_path(const std::string& topology, const std::vector<std::string>& words) {
  CAPTURE(topology);
  const DirtyNode node(topology);
  for (const std::string& change : words) {
    node.world.ip(node.droplet, change);
  }
  break_anchor_path(node);
  const std::string before = default_route(node);
  node.world.sim("PUT", "/nodes/node-1",
                 {{"taints", {{{"key", "example.com/egress"}, {"effect", "NoSchedule"}}}}});
  const DatagramService outside("internet", dirty::echo_port);
  DatagramFlow egress(node.droplet.name, "192.0.2.1", dirty::echo_port,
                      DatagramFlow::Sockets::many);
  CHECK(egress.goes_on(20));

  node.run(13, gate);

  CHECK(egress.goes_on(20));
  const support::Count count = egress.stop();
  MESSAGE(topology << ", the anchor's path is dead: " << count.lost << " of " << count.sent
                   << " packets lost, " << double(count.silence.count()) / 1000
                   << " s without egress");
  CHECK(count.lost == 0);
  CHECK(outside.sources() == std::vector{node.droplet.public_address});
  check_rolled_back(node, before);
  CHECK(node.world.label(node.droplet) == "false");
  CHECK(taints(node).size() == 1);
}

// The guard of a run, which is its child process.
std::vector<pid_t> guards(const Node& node) {
  std::vector<pid_t> found;
  std::istringstream pids(node.world.lab({"pids", node.droplet.name}));
  std::vector<pid_t> all;
  for (pid_t pid = 0; pids >> pid;) {
    all.push_back(pid);
  }
  for (const pid_t pid : all) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string word;
    pid_t parent = 0;
    stat >> word >> word >> word >> parent;
    if (std::find(all.begin(), all.end(), parent) != all.end()) {
      found.push_back(pid);
    }
  }
  return found;
}

// Holds an abstract name in the droplet's network, as any process there can.
class Squatter {
 public:
  Squatter(const Node& node, const std::string& name)
      : socket_(support::socket_in(node.droplet.name, SOCK_STREAM, AF_UNIX)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(socket_, 8) == 0);
  }
  Squatter(const Squatter&) = delete;
  Squatter& operator=(const Squatter&) = delete;
  ~Squatter() { close(socket_); }

 private:
  int socket_ = -1;
};

// Of the sockets in the droplet's network (unix(7)).
std::string abstract_names(const Node& node) {
  return dirty::exec(node, "sed -n 's/.* @/@/p' /proc/net/unix | sort");
}

}  // namespace

TEST_CASE("switch S1: a dead anchor path, the API server reached by another: 13, nothing lost") {
  const std::string route = "route add 192.0.2.3/32 via 203.0.113.1 dev eth0 src 203.0.113.10";
  check_dead_path("classic", {route});
  check_dead_path("routing-agent", {});
  check_dead_path("vpc-api", {});
  check_dead_path("anchor-nic+vpc-api", {});
}

TEST_CASE("switch S1: a dead anchor path, the API server among --direct: 13, nothing is labelled") {
  const DirtyNode node("classic");
  break_anchor_path(node);
  const std::string before = default_route(node);
  node.run(13, {"--direct", "192.0.2.3/32"});
  check_rolled_back(node, before);
}

TEST_CASE("switch S2: killed with its guard, the path dead since: the next run undoes it") {
  for (const std::string topology : {"classic", "anchor-nic", "routing-agent"}) {
    CAPTURE(topology);
    const DirtyNode node(topology);
    const std::string snapshot = node.world.snapshot(node.droplet);
    const std::string before = default_route(node);
    Child child = switched(node, Tier::container);
    node.world.lab({"kill", node.droplet.name});
    CHECK(child.wait().exit == 128 + SIGKILL);
    node.world.sim("DELETE", "/faults");
    CHECK(is_unconfirmed(node));
    CHECK(node.world.label(node.droplet) != "true");
    break_anchor_path(node);

    node.run(13);

    check_rolled_back(node, before);
    CHECK(node.world.label(node.droplet) == "false");
    mend_anchor_path(node);
    node.run(0, verify);
    node.check_egress();
    check_released(node, snapshot);
  }
}

TEST_CASE("switch S2: killed with its guard, the path alive: the next run proves it") {
  const DirtyNode node("anchor-nic");
  Child child = switched(node, Tier::container);
  node.world.lab({"kill", node.droplet.name});
  child.wait();
  node.world.sim("DELETE", "/faults");
  REQUIRE(is_unconfirmed(node));

  CHECK(node.run(0).at("result") == "changed");

  CHECK(is_confirmed(node));
  node.check_egress();
}

TEST_CASE(
    "switch S5: a verify service that answers without end proves nothing, and costs nothing") {
  for (const int proven : {0, 1}) {  // before and after the switch
    CAPTURE(proven);
    const DirtyNode node("classic");
    const std::string before = default_route(node);
    node.world.fault({{"server", "whatismyip"},
                      {"kind", "huge"},
                      {"body", "["},
                      {"skip", proven},
                      {"count", -1}});
    support::Command command = node.command(verify);
    command.words.insert(command.words.begin() + 2, {"prlimit", "--as=400000000"});

    const Run run = support::run(command);

    Node::result_of(run, 13);
    node.world.sim("DELETE", "/faults");
    check_rolled_back(node, before);
  }
}

TEST_CASE("switch S6: stopped in the window, its guard undoes it when the deadline is over") {
  const DirtyNode node("classic");
  const std::string before = default_route(node);
  const Child child = switched(node, Tier::process, {}, {"--timeout", "20s"});
  child.signal(SIGSTOP);
  break_anchor_path(node);

  wait_until([&] { return default_route(node) == before; }, 120s);

  node.world.sim("DELETE", "/faults");
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) != "true");
}

TEST_CASE("switch S6: frozen with its guard past the deadline, it is undone when it is thawed") {
  const DirtyNode node("classic");
  const std::string before = default_route(node);
  Child child = switched(node, Tier::container, {}, {"--timeout", "20s"});
  node.world.lab({"freeze", node.droplet.name});
  std::this_thread::sleep_for(21s);
  node.world.lab({"thaw", node.droplet.name});

  wait_until([&] { return default_route(node) == before; }, 120s);

  const int exit = child.wait().exit;
  CHECK((exit == 13 || exit == 75));
  node.world.sim("DELETE", "/faults");
  check_rolled_back(node, before);
}

TEST_CASE("switch S7: its guard is killed in the window: the run ends with a word, and rightly") {
  const DirtyNode node("classic");
  const std::string before = default_route(node);
  Child child = switched(node, Tier::process, 5000ms);
  const auto found = guards(node);
  REQUIRE_FALSE(found.empty());
  for (const pid_t pid : found) {
    kill(pid, SIGKILL);
  }

  const Run run = child.wait();

  INFO(run.out, run.err);
  CHECK((run.exit == 0 || run.exit == 13));
  CHECK(Json::parse(run.out).at("exit").at("code") == run.exit);
  CHECK_FALSE(is_unconfirmed(node));
  node.world.sim("DELETE", "/faults");
  if (run.exit == 0) {
    node.check_egress();
  } else {
    check_rolled_back(node, before);
  }
}

TEST_CASE("switch S8: a name that anybody may hold keeps nobody from a steady run or a repair") {
  const DirtyNode node("classic");
  node.run(0);
  const Squatter guard(node, "do-egress-ip/guard");
  const Squatter lock(node, "do-egress-ip");
  CHECK(abstract_names(node).find("@do-egress-ip/guard") != std::string::npos);

  CHECK(node.run(0).at("result") == "unchanged");
  node.world.lab({"flush", node.droplet.name});
  CHECK(node.run(0).at("result") == "changed");

  node.check_egress();
}

TEST_CASE("switch S8: a run in its window has no name that anybody may hold, and its turn ends") {
  const DirtyNode node("classic");
  const std::string before = abstract_names(node);
  Child child = switched(node, Tier::container);
  CHECK(abstract_names(node) == before);

  node.world.lab({"kill", node.droplet.name});

  child.wait();
  node.world.sim("DELETE", "/faults");
  node.run(0, verify);  // 75 if it had to wait for a turn
  node.check_egress();
}
