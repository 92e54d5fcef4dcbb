// SPDX-License-Identifier: Apache-2.0
// `do-egress-ip doctor`: names each trap, writes nothing and reports nothing else.
#include "node.hpp"
#include "support/traffic.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

using support::Json;
using support::Run;
using support::Variables;

namespace {

using Verdicts = std::map<std::string, std::string>;

// Present in every run: the note on mail, and the hidden systemd of the host.
const std::vector<std::string> usual = {"smtp", "networkd"};

struct Patient {
  Node node;

  explicit Patient(const std::string& topology = "classic") : node("198.51.100.1-4", topology) {}

  Run run(const std::vector<std::string>& more = {}, const Variables& changes = {}) const {
    std::vector<std::string> words = {"doctor", "--match-string", "node", "--floating-ips",
                                      "198.51.100.1,198.51.100.2,198.51.100.3,198.51.100.4"};
    words.insert(words.end(), more.begin(), more.end());
    return support::run(node.world.tool(node.droplet, words, changes));
  }

  Json look(int exit, const std::vector<std::string>& more = {},
            const Variables& changes = {}) const {
    std::vector<std::string> words = {"-o", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const Run found = run(words, changes);
    INFO(found.out, found.err);
    CHECK(found.exit == exit);
    CHECK(support::errors(found).size() == (exit == 0 ? 0 : 1));
    Json result = Json::parse(found.out);
    CHECK(result.at("exit").at("code") == exit);
    CHECK(result.at("error").is_null() == (exit == 0));
    return result;
  }
};

Json check(const Json& result, const std::string& name) {
  for (const Json& candidate : result.at("checks")) {
    if (candidate.at("name") == name) {
      return candidate;
    }
  }
  return nullptr;
}

std::string verdict(const Json& result, const std::string& name) {
  return check(result, name).at("verdict");
}

// All verdicts but ok and the usual ones.
Verdicts findings(const Json& result) {
  Verdicts found;
  for (const Json& candidate : result.at("checks")) {
    const std::string name = candidate.at("name");
    const std::string said = candidate.at("verdict");
    const bool fine = said == "ok" || said == "unknown" || said == "skipped";
    if (!fine && std::ranges::find(usual, name) == usual.end()) {
      found[name] = said;
    }
  }
  return found;
}

// The topology has exactly these findings, and the run changes nothing.
void check_topology(const std::string& topology, int exit, const Verdicts& expected) {
  CAPTURE(topology);
  const Patient patient(topology);
  const auto& world = patient.node.world;
  const std::string before = world.snapshot(patient.node.droplet);
  const Json known = world.sim("GET", "/world");
  world.forget_requests();

  const Json result = patient.look(exit);

  INFO(result.dump(1));
  CHECK(findings(result) == expected);
  CHECK(world.snapshot(patient.node.droplet) == before);
  CHECK(world.sim("GET", "/world") == known);
  for (const std::string server : {"digitalocean", "metadata", "kubernetes"}) {
    for (const Json& request : world.journal(server)) {
      CAPTURE(request.dump());
      const std::string path = request.at("path");
      const bool reads = request.at("method") == "GET" ||
                         (request.at("method") == "POST" &&
                          path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
      CHECK(reads);
    }
  }
  CHECK(world.sim("GET", "/journal").at("creations").empty());
}

}  // namespace

TEST_CASE("doctor: healthy droplet, finds no problem before and after the first run") {
  check_topology("classic", 0, {});
  check_topology("dhcp-metric", 0, {});
  const Patient patient;
  patient.node.run(0);
  const Json result = patient.look(0);
  CHECK(findings(result).empty());
  CHECK(verdict(result, "node-label") == "ok");
  CHECK(verdict(result, "rbac") == "ok");
  CHECK(verdict(result, "clock") == "ok");
  CHECK(verdict(result, "pool-size") == "unknown");  // the Role does not list nodes
  patient.node.check_egress();
}

TEST_CASE("doctor: every topology, has its finding") {
  check_topology("anchor-nic", 0, {{"rp-filter", "warning"}});
  check_topology("routing-agent", 0, {{"routing-agent", "note"}});
  check_topology("two-defaults", 0, {{"default-route", "note"}});
  check_topology("two-defaults-vpc", 0, {{"default-route", "warning"}});
  check_topology("no-anchor", 78, {{"anchor", "problem"}});
  check_topology("anchor-unconfigured", 78, {{"anchor-device", "problem"}});
  check_topology("two-anchors", 78, {{"anchor-device", "problem"}});
  check_topology("no-public", 78, {{"public-interface", "problem"}});
}

TEST_CASE("doctor: text, names a remedy for each finding") {
  const Patient patient("no-anchor");
  const Run run = patient.run();
  INFO(run.out, run.err);
  CHECK(run.exit == 78);
  CHECK(run.out.starts_with("problem  anchor           "));
  CHECK(run.out.find("the droplet has no anchor address\n                          ") !=
        std::string::npos);
  CHECK(run.out.find("\nok       ") == std::string::npos);
  CHECK(run.out.find("\nfailed: config (78): 1 problem, ") != std::string::npos);
  CHECK(support::errors(run).at(0).find("the droplet has no anchor address") != std::string::npos);
  CHECK(support::hints(run).size() == 1);
}

TEST_CASE("doctor: rule in front of the main table, is a problem") {
  const Patient patient;
  patient.node.world.ip(patient.node.droplet, "route add default via 10.132.0.1 dev eth1 table 52");
  patient.node.world.ip(patient.node.droplet, "rule add pref 5270 lookup 52");
  CHECK(findings(patient.look(78)).at("default-route") == "problem");
}

TEST_CASE("doctor: marks, tables and rules of others, and UDP services, are named") {
  const Patient patient;
  const auto ip = [&](const std::string& words) {
    patient.node.world.ip(patient.node.droplet, words);
  };
  const support::DatagramService service(patient.node.droplet.name, 5300);
  ip("route add default dev eth1 table 52");
  ip("rule add pref 77 fwmark 0x1000/0xf000 lookup 52");
  const Json found = patient.look(0);
  CHECK(findings(found) ==
        Verdicts{{"mark", "warning"}, {"other-rules", "note"}, {"udp-services", "note"}});
  CHECK(check(found, "udp-services").at("found").get<std::string>().ends_with("port 5300"));
  ip("route add 10.9.0.0/16 dev eth1 table 17310");
  CHECK(findings(patient.look(78)).at("our-tables") == "problem");
}

TEST_CASE("doctor: the remedy for rp-filter is one that it takes for one") {
  const Patient patient("anchor-nic");
  const Json found = check(patient.look(0), "rp-filter");
  CHECK(found.at("verdict") == "warning");
  const std::string remedy = found.at("remedy");
  const auto end = remedy.find('`', 1);
  REQUIRE(remedy.starts_with("`sysctl -w "));
  patient.node.world.lab(
      {"exec", patient.node.droplet.name, "sh", "-c", remedy.substr(1, end - 1)});
  CHECK(verdict(patient.look(0), "rp-filter") == "ok");
}

TEST_CASE("doctor: no token, a wrong one or a missing scope, is a problem") {
  const Patient patient;
  const auto with = [](const std::string& token) {
    return Variables{{"DO_EGRESS_IP_TOKEN_FILE", ""}, {"DIGITALOCEAN_ACCESS_TOKEN", token}};
  };
  const auto make = [&](const std::string& token, const Json& scopes) {
    patient.node.world.sim("PUT", "/tokens/" + token, {{"scopes", scopes}});
  };
  CHECK(findings(patient.look(78, {}, with(""))) == Verdicts{{"token", "problem"}});
  CHECK(findings(patient.look(77, {}, with("wrong"))) == Verdicts{{"token", "problem"}});
  make("blind", {"reserved_ip:read", "reserved_ip:update"});
  CHECK(findings(patient.look(77, {}, with("blind"))) == Verdicts{{"token-scopes", "problem"}});
  make("deaf", {"droplet:read", "reserved_ip:update"});
  const Json deaf = patient.look(77, {}, with("deaf"));
  CHECK(findings(deaf) == Verdicts{{"token-scopes", "problem"}});
  CHECK(check(deaf, "token-scopes").at("remedy").get<std::string>().find("reserved_ip:read") !=
        std::string::npos);
}

TEST_CASE("doctor: pool of another account or region, none free or foreign address, is a problem") {
  Patient patient;
  auto& world = patient.node.world;
  world.sim("PUT", "/addresses/198.51.100.1", {{"region", "fra1"}});
  CHECK(findings(patient.look(0)) == Verdicts{{"pool-region", "warning"}});
  world.sim("DELETE", "/addresses/198.51.100.1");
  CHECK(findings(patient.look(78)) == Verdicts{{"pool-account", "problem"}});
  world.sim("PUT", "/addresses/198.51.100.1", {{"region", "nyc3"}});
  const support::Droplet other = world.droplet("other");
  for (const std::string address : {"1", "2", "3", "4"}) {
    world.sim("PUT", "/addresses/198.51.100." + address, {{"droplet", other.id}});
  }
  CHECK(findings(patient.look(10)) == Verdicts{{"pool-size", "problem"}});
  world.sim("PUT", "/addresses/198.51.100.9", {{"droplet", patient.node.droplet.id}});
  CHECK(findings(patient.look(12)) == Verdicts{{"held-address", "problem"}});
}

TEST_CASE("doctor: missing right, is named, and readable facts are shown") {
  const Patient patient;
  const auto& world = patient.node.world;
  const auto rule = [](const std::string& group, const Json& resources, const Json& verbs) {
    return Json{{"apiGroups", {group}}, {"resources", resources}, {"verbs", verbs}};
  };
  Json rules = {rule("", {"nodes"}, {"get", "list"}),
                rule("coordination.k8s.io", {"leases"}, {"create", "get", "update", "delete"})};
  world.sim("PUT", "/rbac", {{"rules", rules}});
  const Json fewer = patient.look(77);
  CHECK(findings(fewer) == Verdicts{{"rbac", "problem"}});
  CHECK(check(fewer, "rbac").at("found") ==
        "the service account may not patch nodes, create events in default");

  rules = Json::array({rule("*", {"*"}, {"*"})});
  world.sim("PUT", "/rbac", {{"rules", rules}});
  world.sim("PUT", "/configmaps/kube-system/cilium-config",
            {{"data", {{"enable-bpf-masquerade", "true"}}}});
  const Json more = patient.look(0);
  CHECK(findings(more) == Verdicts{{"pod-masquerade", "warning"}});
  CHECK(check(more, "pool-size").at("found") == "4 addresses, 4 free, for 1 matching nodes");
  CHECK(findings(patient.look(0, {"--kubernetes", "off"})).empty());
}

TEST_CASE("doctor: Node wrongly labelled, another droplet's or missing, is a problem") {
  const Patient patient;
  const auto& world = patient.node.world;
  world.sim(
      "PUT", "/nodes/node-1",
      {{"labels", {{support::enabled_label, "true"}, {support::address_label, "198.51.100.2"}}}});
  CHECK(findings(patient.look(0)) == Verdicts{{"node-label", "warning"}});
  world.sim("PUT", "/nodes/node-1",
            {{"labels", Json::object()}, {"providerID", "digitalocean://1"}});
  CHECK(findings(patient.look(78)) == Verdicts{{"provider-id", "problem"}});
  world.sim("DELETE", "/nodes/node-1");
  CHECK(findings(patient.look(15)) == Verdicts{{"node", "problem"}});
}

TEST_CASE("doctor: server that does not answer, does not hide other findings") {
  const Patient patient;
  const auto& world = patient.node.world;
  const Verdicts names = {
      {"metadata", "droplet"}, {"digitalocean", "digitalocean"}, {"kubernetes", "kubernetes"}};
  for (const auto& [server, name] : names) {
    CAPTURE(server);
    world.fault({{"server", server}, {"kind", "reset"}, {"count", -1}});
    const Run run = patient.run({"-o", "json"});
    const Json result = Json::parse(run.out);
    CHECK((run.exit == 69 || (server == "metadata" && run.exit == 78)));  // by whose machine it is
    CHECK(findings(result) == Verdicts{{name, "problem"}});
    CHECK(result.at("checks").size() == 31);
    world.sim("DELETE", "/faults");
  }
}

TEST_CASE("doctor: networkd's files, show whether it removes foreign routes") {
  const Patient patient;
  const std::filesystem::path folder = "/run/systemd";
  std::filesystem::create_directories(folder / "netif");
  std::filesystem::create_directories(folder / "networkd.conf.d");
  std::ofstream(folder / "netif/state") << "OPER_STATE=routable\n";
  const Json removing = patient.look(0);
  std::ofstream(folder / "networkd.conf.d/zz-do-egress-ip.conf")
      << "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n";
  const Json leaving = patient.look(0);
  std::filesystem::remove_all(folder);
  CHECK(verdict(leaving, "networkd") == "ok");
  CHECK(verdict(removing, "networkd") == "warning");
  CHECK(verdict(patient.look(0), "networkd") == "unknown");
}

TEST_CASE("doctor: no CAP_NET_ADMIN, is a problem") {
  const Patient patient;
  support::Command command = patient.node.world.tool(
      patient.node.droplet,
      {"doctor", "-o", "json", "--match-string", "node", "--floating-ips", "198.51.100.1"});
  const std::vector<std::string> drop = {"setpriv", "--bounding-set=-net_admin",
                                         "--inh-caps=-net_admin"};
  command.words.insert(command.words.begin() + 2, drop.begin(), drop.end());
  const Run run = support::run(command);
  INFO(run.out, run.err);
  CHECK(run.exit == 77);
  CHECK(findings(Json::parse(run.out)) == Verdicts{{"net-admin", "problem"}});
}
