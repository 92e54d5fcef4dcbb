// SPDX-License-Identifier: Apache-2.0
// Labels on a real API server, and its refusals.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

using kube::cluster;
using kube::Droplet;
using kube::Json;

TEST_CASE("kube labels: label, is the address that the internet sees") {
  const Droplet node = cluster().node("node-1");
  const Json first = cluster().reconcile(node, 0);
  CHECK(first.at("result") == "changed");
  cluster().check_egress(node);

  const Json second = cluster().reconcile(node, 0);
  CHECK(second.at("result") == "unchanged");
  CHECK(second.at("requests").at("kubernetes") == 1);
  CHECK(second.at("requests").at("digitalocean") == 0);
}

TEST_CASE("kube labels: label removed or changed, is set again") {
  const Droplet node = cluster().node("node-2");
  cluster().reconcile(node, 0);
  cluster().kubectl("label node node-2 do-outbound-floating-ip-enabled-");
  cluster().kubectl("label node node-2 --overwrite do-outbound-floating-ip=192.0.2.77 mine=kept");
  CHECK(cluster().reconcile(node, 0).at("result") == "changed");
  cluster().check_egress(node);
  CHECK(cluster().label(node, "mine") == "kept");
}

TEST_CASE("kube labels: no address, the Node says so") {
  const Droplet node = cluster().node("node-3");
  cluster().reconcile(node, 10, {"--floating-ips", cluster().taken()});
  CHECK(cluster().label(node) == "false");
  CHECK(cluster().label(node, support::address_label).empty());
}

TEST_CASE("kube labels: another droplet's Node, is not changed") {
  const Droplet node = cluster().node("node-4");
  cluster().kubectl("delete node node-4");
  cluster().call({"node", "node-4", "1"});
  const Json result = cluster().reconcile(node, 78);
  CHECK(result.at("error").at("message").get<std::string>().find("digitalocean://1") !=
        std::string::npos);
  CHECK(cluster().world().held_by(node).empty());
  CHECK(cluster().label(node).empty());
}

TEST_CASE("kube labels: server with an unknown CA, is not asked") {
  const Droplet node = cluster().node("node-5");
  const Json result = cluster().reconcile(node, 69, {"--lock", "lease"},
                                          {{"DO_EGRESS_IP_KUBE_CA_FILE", "/run/lab/ca.pem"}});
  INFO(result.dump());
  CHECK(cluster().label(node).empty());
  CHECK(cluster().world().held_by(node).empty());
}

TEST_CASE("kube labels: no usable server, egress is set up all the same") {
  const Droplet node = cluster().node("node-7");
  cluster().reconcile(node, 15, {}, {{"DO_EGRESS_IP_KUBE_CA_FILE", "/run/lab/ca.pem"}});
  CHECK(cluster().world().seen_from(node.name) == cluster().world().held_by(node).at(0));
  CHECK(cluster().label(node).empty());
  cluster().reconcile(node, 0);
  cluster().check_egress(node);
}

TEST_CASE("kube labels: expired token, is refused and nothing is written") {
  const Droplet node = cluster().node("node-6");
  const std::string expired =
      kube::write_file("expired.token", cluster().call({"expired", cluster().token(node)}));
  cluster().reconcile(node, 77, {}, {{"DO_EGRESS_IP_KUBE_TOKEN_FILE", expired}});
  CHECK(cluster().label(node).empty());
}
