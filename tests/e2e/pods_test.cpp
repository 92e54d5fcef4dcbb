// SPDX-License-Identifier: Apache-2.0
// Pods behind Cilium: through which address they leave, what each cure does, and what the program
// makes of it. Every row of the two tables that decide (core/plan/pods.hpp), with real packets.
#include "node.hpp"

using support::Json;

namespace {

enum class Leaves { anchor, open, dead };
using enum Leaves;

struct Row {
  std::string topology;
  Leaves alone, snat, stack;  // without a cure, and with each
  std::string cure;           // that the program takes; empty: none
  Leaves cured;
};

// A node at addresses that Cilium takes for public ones.
struct PublicNode : Node {
  explicit PublicNode(const std::string& topology)
      : Node(std::vector<std::string>{"--public-looking"}, topology) {}

  std::string pods_seen() const { return world.seen_from(droplet.pod()); }

  std::string name_of(Leaves leaves) const {
    return leaves == anchor ? "anchor" : leaves == open ? "public" : "dead";
  }
  std::string address_of(Leaves leaves, const std::string& egress) const {
    return leaves == anchor ? egress : leaves == open ? droplet.public_address : "none";
  }
  void cure(const std::string& which) const { world.lab({"cure", droplet.name, which}); }

  Json release() const { return result_of(support::run(command({"release"})), 0); }
};

void check_pods(const Json& result, const std::string& egress, const std::string& cure) {
  const Json& pods = result.at("pods");
  INFO(pods.dump());
  CHECK(pods.at("egress") == egress);
  CHECK(pods.at("cure") == (cure.empty() ? Json() : Json(cure)));
  CHECK_FALSE(pods.at("reason").get<std::string>().empty());
}

// What the internet sees with neither cure, with each of them made by hand, and with the one that
// the program takes; and that the program says so each time.
void check_row(const Row& row) {
  CAPTURE(row.topology);
  const PublicNode node(row.topology);
  const std::string before = node.world.snapshot(node.droplet);
  CHECK(node.pods_seen() == node.droplet.public_address);

  const Json alone = node.run(0, {"--pods", "off"});
  const std::string egress = alone.at("floating_ip");
  check_pods(alone, node.name_of(row.alone), "");
  CHECK(node.pods_seen() == node.address_of(row.alone, egress));
  node.cure("snat");
  CHECK(node.pods_seen() == node.address_of(row.snat, egress));
  node.cure("stack");
  CHECK(node.pods_seen() == node.address_of(row.stack, egress));
  node.cure("none");

  const Json cured = node.run(0);
  check_pods(cured, node.name_of(row.cured), row.cure);
  CHECK(node.pods_seen() == node.address_of(row.cured, egress));
  CHECK(node.world.seen_from(node.droplet.name) == egress);
  node.world.forget_requests();
  CHECK(node.run(0).at("result") == "unchanged");
  CHECK(node.world.requests("kubernetes") == 1);  // a steady run asks for nothing of this

  node.release();
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.pods_seen() == node.droplet.public_address);
}

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    check_row(row);
  }
}

}  // namespace

TEST_CASE("pods: the anchor on the public NIC, Cilium in each mode") {
  check_rows({
      {"cilium", anchor, anchor, anchor, "", anchor},
      {"bpf-host-routing", open, open, anchor, "stack", anchor},
      {"bpf-legacy", open, anchor, anchor, "snat", anchor},
      {"bpf-source", open, open, anchor, "stack", anchor},
      {"bpf-old", open, open, dead, "", open},
  });
}

TEST_CASE("pods: the anchor on its own NIC, Cilium in each mode") {
  check_rows({
      {"anchor-nic+cilium", anchor, anchor, anchor, "", anchor},
      {"anchor-nic+bpf-host-routing", anchor, anchor, anchor, "", anchor},
      {"anchor-nic+bpf-source", open, open, anchor, "stack", anchor},
      {"anchor-nic+bpf-pinned", dead, dead, anchor, "stack", anchor},
      {"anchor-nic+bpf-pinned+bpf-legacy", dead, anchor, anchor, "snat", anchor},
      {"anchor-nic+masquerade-public", dead, anchor, anchor, "snat", anchor},
  });
}

TEST_CASE("pods: endpoint routes and NOTRACK, where a cure harms or does not help") {
  check_rows({
      {"bpf-host-routing+endpoint-routes", open, open, dead, "", open},
      {"bpf-legacy+endpoint-routes", open, anchor, dead, "snat", anchor},
      {"bpf-host-routing+notrack", open, open, open, "", open},
      {"bpf-legacy+notrack", open, open, open, "", open},
  });
}

TEST_CASE("pods: a switch that would cut them off, refused with 78 before anything is claimed") {
  for (const std::string topology :
       {"anchor-nic+bpf-pinned+endpoint-routes", "anchor-nic+bpf-pinned+bpf-old",
        "anchor-nic+bpf-pinned+bpf-legacy+notrack"}) {
    CAPTURE(topology);
    const PublicNode node(topology);
    const std::string before = node.world.snapshot(node.droplet);
    check_pods(node.run(78), "dead", "");
    check_pods(node.run(78, {"--dry-run"}), "dead", "");
    CHECK(node.posted().empty());
    CHECK(node.world.snapshot(node.droplet) == before);
    node.check_says_false();
    CHECK(node.pods_seen() == node.droplet.public_address);
  }
}

TEST_CASE(
    "pods: without the right to read Cilium's ConfigMap, unknown, and switched all the same") {
  const PublicNode node("bpf-host-routing");
  const auto rule = [](const std::string& group, const Json& resources, const Json& verbs) {
    return Json{{"apiGroups", {group}}, {"resources", resources}, {"verbs", verbs}};
  };
  node.world.sim("PUT", "/rbac",
                 {{"rules",
                   {rule("", {"nodes"}, {"get", "patch"}),
                    rule("coordination.k8s.io", {"leases"}, {"create", "get", "update", "delete"}),
                    rule("events.k8s.io", {"events"}, {"create"})}}});
  const Json result = node.run(0);
  check_pods(result, "unknown", "");
  CHECK(result.at("pods").at("reason").get<std::string>().find("cilium-config") !=
        std::string::npos);
  node.check_egress();
}

TEST_CASE("pods: a cure that is lost, in whole or in part, is found and made again") {
  const PublicNode node("bpf-host-routing");
  const std::string egress = node.run(0).at("floating_ip");
  const std::string cured = node.world.snapshot(node.droplet);
  const std::vector<std::string> losses = {
      "ip rule delete pref 17306", "ip rule delete pref 17307", "ip rule delete pref 17308",
      "nft delete table ip do-egress-ip", "ip route flush table 17314"};
  for (const std::string& loss : losses) {
    CAPTURE(loss);
    node.world.lab({"exec", node.droplet.name, "sh", "-c", loss});
    check_pods(node.run(0), "anchor", "stack");
    CHECK(node.pods_seen() == egress);
    CHECK(node.world.snapshot(node.droplet) == cured);
  }
  node.world.lab({"flush", node.droplet.name});
  check_pods(node.run(0), "anchor", "stack");
  CHECK(node.pods_seen() == egress);
}

TEST_CASE("pods: a switch that is not proven takes the cure away with it") {
  const PublicNode node("bpf-host-routing");
  const std::string before = node.world.snapshot(node.droplet);
  node.run(13, {"--verify-url", "https://" + node.world.internet() + ".1:9/"});
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.pods_seen() == node.droplet.public_address);
}

TEST_CASE("pods: status and doctor say where they leave; --pods off takes a cure away") {
  const PublicNode node("bpf-legacy");
  node.run(0);
  const auto look = [&](const std::string& command, const std::vector<std::string>& more) {
    support::Command words = node.world.tool(node.droplet, {});
    words.words.push_back(command);
    words.words.insert(words.words.end(), more.begin(), more.end());
    return support::run(words);
  };
  const auto status = look("status", {});
  INFO(status.out, status.err);
  CHECK(status.exit == 0);
  CHECK(status.out.find("anchor (do-egress-ip translates pods to ") != std::string::npos);
  check_pods(Json::parse(look("status", {"-o", "json"}).out), "anchor", "snat");
  CHECK(look("doctor", {"-v"}).out.find("pods get the egress IP") != std::string::npos);

  check_pods(Json::parse(look("status", {"--pods", "off", "-o", "json"}).out), "public", "");
  node.run(0, {"--pods", "off"});
  CHECK(node.pods_seen() == node.droplet.public_address);
  CHECK(look("doctor", {"--pods", "off"}).out.find("pods keep the public address") !=
        std::string::npos);
}

namespace {

void exhaust_pool(PublicNode& node) {
  const auto other = node.world.droplet("other");
  for (const std::string held : {"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"}) {
    if (!node.world.holder(held).is_null()) {
      node.world.sim("POST", "/unassign/" + held);
    }
    node.world.sim("POST", "/assign/" + held, {{"droplet", other.id}});
  }
}

// Where pods are seen from by a server that is no destination.
std::string seen_elsewhere(const PublicNode& node) {
  node.world.forget_requests();
  node.world.lab({"exec", node.droplet.pod(), "sh", "-c",
                  "curl --insecure --silent --max-time 4 https://" + node.world.internet() +
                      ".2/v2/account >/dev/null || true"});
  const auto seen = node.world.journal("digitalocean");
  return seen.empty() ? "none" : seen.back().at("caller").get<std::string>();
}

}  // namespace

TEST_CASE(
    "pods: destinations alone, pods leave for them by the reserved IP, cured where they must be") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"cilium", ""},
      {"bpf-host-routing", "stack"},
      {"bpf-legacy", "snat"},
      {"anchor-nic+bpf-host-routing", ""},
      {"anchor-nic+bpf-pinned", "stack"},
      {"anchor-nic+masquerade-public", "snat"},
  };
  for (const auto& [topology, cure] : rows) {
    CAPTURE(topology);
    PublicNode node(topology);
    const std::string before = node.world.snapshot(node.droplet);
    const std::vector<std::string> options = {"--route", "destinations", "--destination",
                                              node.world.internet() + ".1"};
    const Json result = node.run(0, options);
    check_pods(result, "anchor", cure);
    CHECK(result.at("floating_ip") == node.pods_seen());
    CHECK(seen_elsewhere(node) == node.droplet.public_address);
    node.world.forget_requests();
    CHECK(node.run(0, options).at("result") == "unchanged");
    CHECK(node.world.requests("kubernetes") == 1);

    exhaust_pool(node);
    node.run(10, options);
    CHECK(node.pods_seen() == "none");
    node.release();
    CHECK(node.world.snapshot(node.droplet) == before);
    CHECK(node.pods_seen() == node.droplet.public_address);
  }
}

TEST_CASE(
    "pods: destinations that pods would reach by the public address, closed for all with 78") {
  for (const std::string topology : {"bpf-old", "bpf-host-routing+endpoint-routes"}) {
    CAPTURE(topology);
    const PublicNode node(topology);
    const std::vector<std::string> options = {"--destination", node.world.internet() + ".1"};
    check_pods(node.run(78, options), "public", "");
    CHECK(node.pods_seen() == "none");
    CHECK(node.world.seen_from(node.droplet.name) == "none");
  }
}
