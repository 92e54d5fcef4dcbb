// SPDX-License-Identifier: Apache-2.0
#include "contract.hpp"

#include <doctest/doctest.h>

using contract::Caller;
using contract::Cleaner;
using contract::event;
using contract::events;
using contract::Json;
using contract::lease;
using contract::leases;
using contract::own_node;
using contract::refused;
using contract::Reply;
using contract::says;
using contract::service_account;

namespace {

const std::string node_path = "/api/v1/nodes/";
const std::string enabled = "do-outbound-floating-ip-enabled";

std::string user() {
  return "system:serviceaccount:" + contract::own_namespace() + ":do-egress-ip";
}

}  // namespace

TEST_CASE("access: a token that is not known, or no longer good") {
  const Reply reply = Caller("nobody's").get(node_path + own_node());
  CHECK(refused(reply, 401, "Unauthorized"));
  CHECK(says(reply, "Unauthorized"));
  CHECK_FALSE(reply.date.empty());
  if (const auto expired = contract::expired_account()) {
    CHECK(refused(expired->get(node_path + own_node()), 401, "Unauthorized"));
  }
}

TEST_CASE("access: the service account reads Nodes and labels its own") {
  const Reply read = service_account().get(node_path + own_node());
  REQUIRE(read.status == 200);
  const Json before = read.body.at("metadata").value("labels", Json::object());
  const Json label = {{"metadata", {{"labels", {{enabled, "true"}}}}}};
  const Reply labelled = service_account().merge(node_path + own_node(), label);
  CHECK(labelled.status == 200);
  CHECK(labelled.body.at("metadata").at("labels").at(enabled) == "true");
  contract::admin().merge(node_path + own_node(),
                          {{"metadata", {{"labels", {{enabled, before.value(enabled, Json())}}}}}});
}

TEST_CASE("access: the service account makes, reads, renews and deletes Leases of its namespace") {
  const std::string name = contract::unique_name("do-egress-ip-198.51.100.1");
  const Cleaner cleaner(leases() + "/" + name);
  Json wanted = lease(name, own_node());
  CHECK(service_account().post(leases(), wanted).status == 201);
  const Json made = service_account().get(cleaner.path()).body;
  wanted["metadata"]["resourceVersion"] = made.at("metadata").at("resourceVersion");
  wanted["spec"]["renewTime"] = "2026-11-01T10:01:00.000000Z";
  CHECK(service_account().put(cleaner.path(), wanted).status == 200);
  CHECK(service_account().remove(cleaner.path()).status == 200);
}

TEST_CASE("access: the service account tells Events in default") {
  const std::string name = contract::unique_name("node-1");
  const Cleaner cleaner(events() + "/" + name);
  CHECK(service_account().post(events(), event(name)).status == 201);
  CHECK(refused(service_account().post(events(), event(name)), 409, "AlreadyExists"));
}

TEST_CASE("access: nothing else") {
  const std::string name = contract::unique_name("a");
  const std::string in_group = "\" in API group \"";
  struct Denied {
    std::string method, path, message;
  };
  const std::string own = "in the namespace \"" + contract::own_namespace() + "\"";
  for (const Denied& denied :
       {Denied{"GET", "/api/v1/nodes",
               "nodes is forbidden: User \"" + user() + "\" cannot list resource \"nodes" +
                   in_group + "\" at the cluster scope"},
        Denied{"DELETE", node_path + name,
               "nodes \"" + name + "\" is forbidden: User \"" + user() +
                   "\" cannot delete resource \"nodes" + in_group + "\" at the cluster scope"},
        Denied{"POST", "/api/v1/nodes", "cannot create resource \"nodes\""},
        Denied{"PUT", node_path + own_node(), "cannot update resource \"nodes\""},
        Denied{"PATCH", node_path + own_node() + "/status",
               "cannot patch resource \"nodes/status\""},
        Denied{"GET", leases(),
               "leases.coordination.k8s.io is forbidden: User \"" + user() +
                   "\" cannot list resource \"leases" + in_group + "coordination.k8s.io\" " + own},
        Denied{"PATCH", leases() + "/" + name,
               "cannot patch resource \"leases" + in_group + "coordination.k8s.io\" " + own},
        Denied{"GET", leases("default") + "/" + name,
               "leases.coordination.k8s.io \"" + name + "\" is forbidden: User \"" + user() +
                   "\" cannot get resource \"leases" + in_group +
                   "coordination.k8s.io\" in the namespace \"default\""},
        Denied{"POST", leases("kube-node-lease"), "cannot create resource \"leases\""},
        Denied{"GET", events(), "cannot list resource \"events\""},
        Denied{"POST", events(contract::own_namespace()), "cannot create resource \"events\""},
        Denied{"POST", "/api/v1/namespaces/default/events",
               "events is forbidden: User \"" + user() + "\" cannot create resource \"events" +
                   in_group + "\" in the namespace \"default\""},
        Denied{"GET", "/api/v1/namespaces/default/secrets", "cannot list resource \"secrets\""}}) {
    CAPTURE(denied.method);
    CAPTURE(denied.path);
    const bool patches = denied.method == "PATCH";
    const Reply reply = service_account().send(
        denied.method, denied.path,
        {.text = denied.method == "GET" ? "" : "{}",
         .type = patches ? "application/merge-patch+json" : "application/json"});
    CHECK(refused(reply, 403, "Forbidden"));
    CHECK(says(reply, denied.message));
  }
}

TEST_CASE("access: an update of a Lease that is gone needs the right to make one, which is there") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  CHECK(service_account().put(cleaner.path(), lease(name, own_node())).status == 201);
}
