// SPDX-License-Identifier: Apache-2.0
#include "contract.hpp"

#include <doctest/doctest.h>

using contract::blames;
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

TEST_CASE("access: unknown or expired token, is refused") {
  const Reply reply = Caller("nobody's").get(node_path + own_node());
  CHECK(refused(reply, 401, "Unauthorized"));
  CHECK(says(reply, "Unauthorized"));
  CHECK_FALSE(reply.date.empty());
  if (const auto expired = contract::expired_account()) {
    CHECK(refused(expired->get(node_path + own_node()), 401, "Unauthorized"));
  }
}

TEST_CASE("access: service account, reads Nodes and labels its own") {
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

TEST_CASE("access: service account, creates, reads, renews and deletes Leases of its namespace") {
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

TEST_CASE("access: service account, writes Events in default") {
  const std::string name = contract::unique_name("node-1");
  const Cleaner cleaner(events() + "/" + name);
  CHECK(service_account().post(events(), event(name)).status == 201);
  CHECK(refused(service_account().post(events(), event(name)), 409, "AlreadyExists"));
}

TEST_CASE("access: everything else, is refused") {
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

TEST_CASE("access: update of a deleted Lease, needs the right to create it") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  CHECK(service_account().put(cleaner.path(), lease(name, own_node())).status == 201);
}

namespace {

const std::string reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

Json review_of(const Json& attributes) {
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SelfSubjectAccessReview"},
          {"spec", {{"resourceAttributes", attributes}}}};
}

Json on(const std::string& verb, const std::string& group, const std::string& resource,
        const std::string& name_space = {}) {
  return {{"verb", verb}, {"group", group}, {"resource", resource}, {"namespace", name_space}};
}

// The answer of a review; fails if it is not one.
bool allowed(const Caller& caller, const Json& attributes) {
  CAPTURE(attributes.dump());
  const Reply reply = caller.post(reviews, review_of(attributes));
  REQUIRE_MESSAGE(reply.status == 201, reply.body.dump());
  CHECK(reply.body.at("kind") == "SelfSubjectAccessReview");
  CHECK(reply.body.at("apiVersion") == "authorization.k8s.io/v1");
  CHECK(reply.body.at("spec").at("resourceAttributes").at("verb") == attributes.at("verb"));
  return reply.body.at("status").at("allowed").get<bool>();
}

}  // namespace

TEST_CASE("access: known user, may send a SelfSubjectAccessReview") {
  const std::string lease_group = "coordination.k8s.io";
  const std::string event_group = "events.k8s.io";
  const Caller own = service_account();
  Json own_node_only = on("patch", "", "nodes");
  own_node_only["name"] = own_node();
  for (const Json& attributes : {on("get", "", "nodes"), on("patch", "", "nodes"), own_node_only,
                                 on("create", lease_group, "leases", contract::own_namespace()),
                                 on("get", lease_group, "leases", contract::own_namespace()),
                                 on("update", lease_group, "leases", contract::own_namespace()),
                                 on("delete", lease_group, "leases", contract::own_namespace()),
                                 on("create", event_group, "events", "default")}) {
    CHECK(allowed(own, attributes));
  }
  for (const Json& attributes :
       {on("list", "", "nodes"), on("delete", "", "nodes"), on("get", lease_group, "nodes"),
        on("create", lease_group, "leases", "default"), on("create", lease_group, "leases"),
        on("create", event_group, "events", contract::own_namespace()),
        on("create", "", "events", "default"), on("get", "", "configmaps", "kube-system")}) {
    CHECK_FALSE(allowed(own, attributes));
    CHECK(allowed(contract::admin(), attributes));
  }
}

TEST_CASE("access: review, needs a known user and a question, and is not stored") {
  const Json review = review_of(on("get", "", "nodes"));
  CHECK(refused(Caller("nobody's").post(reviews, review), 401, "Unauthorized"));
  const Reply empty = service_account().post(reviews, {{"spec", Json::object()}});
  CHECK(refused(empty, 422, "Invalid"));
  CHECK(blames(empty, "spec.resourceAttributes"));
  const Reply listed = service_account().get(reviews);
  CHECK(refused(listed, 403, "Forbidden"));
  CHECK(says(listed, "cannot list resource \"selfsubjectaccessreviews\""));
}

TEST_CASE("access: no ConfigMap but that of the network plugin is for the service account") {
  const Reply reply = service_account().get("/api/v1/namespaces/kube-system/configmaps/coredns");
  CHECK(refused(reply, 403, "Forbidden"));
  CHECK(refused(contract::admin().get("/api/v1/namespaces/kube-system/configmaps/" +
                                      contract::unique_name("none")),
                404, "NotFound"));
}
