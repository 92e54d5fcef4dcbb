// SPDX-License-Identifier: Apache-2.0
// Covers what the contract suite of tests/kube cannot see: the controllers, and the interface for
// tests.
#include "control.hpp"

#include <doctest/doctest.h>

using sim::Call;
using sim::Faults;
using sim::Json;
using sim::Reply;
using sim::World;

namespace {

const std::string node_path = "/api/v1/nodes/node-1";
const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/do-egress-ip/leases";
const std::string events = "/apis/events.k8s.io/v1/namespaces/default/events";

struct Setup {
  World world;
  Faults faults;
  Json requests = Json::array();

  Setup() {
    control("PUT", "/kube-tokens/admin", {{"admin", true}});
    control("PUT", "/kube-tokens/own", Json::object());
    control("PUT", "/kube-tokens/other", {{"user", "system:serviceaccount:shop:till"}});
    control("PUT", "/nodes/node-1", {{"labels", {{"team", "payments"}}}});
  }

  Reply control(const std::string& method, const std::string& path, const Json& body = nullptr) {
    Call call{.server = "control", .method = method, .path = path};
    call.body = body.is_null() ? "" : body.dump();
    return sim::control(world, faults, requests, call, 1000);
  }

  Reply ask(const std::string& token, const std::string& method, const std::string& path,
            const Json& body = nullptr) {
    Call call{.server = "kubernetes", .method = method, .path = path};
    call.bearer = token;
    call.body = body.is_null() ? "" : body.dump();
    call.content_type = method == "PATCH" ? "application/merge-patch+json" : "application/json";
    return sim::kubernetes(world, call, 1000);
  }

  std::string node_uid() { return ask("admin", "GET", node_path).body.at("metadata").at("uid"); }

  int post_lease(const std::string& name, const Json& owners) {
    return ask("own", "POST", leases,
               {{"metadata", {{"name", name}, {"ownerReferences", owners}}},
                {"spec", {{"holderIdentity", "node-1"}}}})
        .status;
  }
};

Json owned_by(const std::string& uid) {
  return Json::array({{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "node-1"}, {"uid", uid}}});
}

Json object(const std::string& kind, const std::string& name, const std::string& name_space = {}) {
  Json made = {{"kind", kind},
               {"apiVersion", "rbac.authorization.k8s.io/v1"},
               {"metadata", {{"name", name}}}};
  if (!name_space.empty()) {
    made["metadata"]["namespace"] = name_space;
  }
  return made;
}

Json role(Json made, const std::string& group, const std::string& resource, const Json& verbs) {
  made["rules"] =
      Json::array({{{"apiGroups", {group}}, {"resources", {resource}}, {"verbs", verbs}}});
  return made;
}

Json bound(Json made, const std::string& kind, const std::string& name) {
  made["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", kind}, {"name", name}};
  made["subjects"] = Json::array(
      {{{"kind", "ServiceAccount"}, {"name", "do-egress-ip"}, {"namespace", "do-egress-ip"}}});
  return made;
}

}  // namespace

TEST_CASE("kube: Node deleted, its Leases are deleted, and no others") {
  Setup setup;
  setup.control("PUT", "/nodes/node-2", Json::object());
  const std::string second =
      setup.ask("admin", "GET", "/api/v1/nodes/node-2").body.at("metadata").at("uid");
  REQUIRE(setup.post_lease("first", owned_by(setup.node_uid())) == 201);
  REQUIRE(setup.post_lease("second", owned_by(second)) == 201);
  REQUIRE(setup.post_lease("nobodys", Json::array()) == 201);
  const std::string before = setup.node_uid();
  CHECK(setup.ask("admin", "DELETE", node_path).status == 200);
  CHECK(setup.ask("own", "GET", leases + "/first").status == 404);
  CHECK(setup.ask("own", "GET", leases + "/second").status == 200);
  CHECK(setup.ask("own", "GET", leases + "/nobodys").status == 200);
  setup.control("PUT", "/nodes/node-1", Json::object());
  CHECK(setup.node_uid() != before);
}

TEST_CASE("kube: Lease of a Node that never existed, is deleted") {
  Setup setup;
  REQUIRE(setup.post_lease("wrong", owned_by("5f0e6e0a-0000-4000-8000-00000000dead")) == 201);
  setup.world.advance(1001);
  CHECK(setup.ask("own", "GET", leases + "/wrong").status == 404);
}

TEST_CASE("kube: control, changes parts of a Node and shows objects") {
  Setup setup;
  setup.control("PUT", "/nodes/node-1", {{"providerID", "digitalocean://1"}});
  const Json taints = Json::array({{{"key", "a"}, {"effect", "NoSchedule"}}});
  setup.control("PUT", "/nodes/node-1", {{"taints", taints}});
  REQUIRE(setup.post_lease("first", owned_by(setup.node_uid())) == 201);
  const Json shown = setup.control("GET", "/world").body;
  const Json node = shown.at("nodes").at("node-1");
  CHECK(node.at("labels").at("team") == "payments");
  CHECK(node.at("taints") == taints);
  CHECK(node.at("uid") == setup.node_uid());
  CHECK(shown.at("leases").at(0).at("metadata").at("name") == "first");
  CHECK(shown.at("events").empty());
  const Json made = setup.control("GET", "/journal").body.at("creations");
  CHECK(made.at(0).at("resource") == "nodes");
  CHECK(made.at(1).at("resource") == "leases.coordination.k8s.io");
  CHECK(made.at(1).at("namespace") == "do-egress-ip");
  CHECK(setup.control("PUT", "/nodes/node-1", {{"label", "a typo"}}).status == 400);
}

TEST_CASE("kube: unknown user, or known user without a name, is refused or allowed by RBAC") {
  Setup setup;
  CHECK(setup.ask("nobody's", "GET", node_path).status == 401);
  const Reply anonymous = setup.ask("", "GET", node_path);
  CHECK(anonymous.status == 403);
  CHECK(anonymous.body.at("message").dump().find("system:anonymous") != std::string::npos);
  CHECK(setup.ask("", "GET", "/readyz").status == 200);
  setup.control("PUT", "/kube-tokens/own", {{"expired", true}});
  CHECK(setup.ask("own", "GET", node_path).status == 401);
}

TEST_CASE("kube: unknown path, is not found") {
  Setup setup;
  CHECK(setup.ask("admin", "GET", "/api/v1/pods").status == 404);
  CHECK(setup.ask("admin", "GET", "/apis/coordination.k8s.io/v1/leases/a").status == 404);
  CHECK(setup.ask("admin", "PUT", "/api/v1/nodes", Json::object()).status == 405);
  CHECK(setup.ask("own", "GET", "/metrics").status == 403);
}

TEST_CASE("kube: rules without bindings, apply to all users and namespaces") {
  Setup setup;
  setup.control("PUT", "/rbac", {{"rules", {{{"resources", {"nodes"}}, {"verbs", {"get"}}}}}});
  CHECK(setup.ask("own", "GET", node_path).status == 200);
  CHECK(setup.ask("other", "GET", node_path).status == 200);
  CHECK(setup.ask("own", "PATCH", node_path, Json::object()).status == 403);
  CHECK(setup.ask("own", "GET", leases + "/first").status == 403);
}

TEST_CASE("kube: shipped objects, decide who may do what and where") {
  Setup setup;
  Json named = role(object("ClusterRole", "one"), "", "nodes", {"get"});
  named["rules"][0]["resourceNames"] = {"node-1"};
  const Json list = {{"kind", "List"}, {"items", Json::array({named})}};
  const Json objects = Json::array(
      {list,
       bound(object("ClusterRoleBinding", "one"), "ClusterRole", "one"),
       role(object("Role", "two", "do-egress-ip"), "coordination.k8s.io", "leases", {"create"}),
       bound(object("RoleBinding", "two", "do-egress-ip"), "Role", "two"),
       role(object("ClusterRole", "three"), "events.k8s.io", "events", {"create"}),
       bound(object("RoleBinding", "three", "default"), "ClusterRole", "three"),
       role(object("Role", "unbound", "default"), "*", "*", {"*"}),
       {{"kind", "DaemonSet"}, {"metadata", {{"name", "another"}}}}});
  REQUIRE(setup.control("PUT", "/rbac", {{"objects", objects}}).status == 200);
  setup.control("PUT", "/nodes/node-2", Json::object());
  CHECK(setup.ask("own", "GET", node_path).status == 200);
  CHECK(setup.ask("own", "GET", "/api/v1/nodes/node-2").status == 403);
  CHECK(setup.ask("other", "GET", node_path).status == 403);
  CHECK(setup.post_lease("first", Json::array()) == 201);
  CHECK(setup.ask("own", "GET", leases + "/first").status == 403);
  CHECK(setup.ask("own", "POST", events, Json::object()).status == 422);
  CHECK(setup
            .ask("own", "POST", "/apis/events.k8s.io/v1/namespaces/kube-system/events",
                 Json::object())
            .status == 403);
}

TEST_CASE("kube: malformed RBAC objects, are refused") {
  Setup setup;
  const auto refused = [&](const Json& objects) {
    return setup.control("PUT", "/rbac", {{"objects", objects}}).status == 400;
  };
  CHECK(refused(Json::array({bound(object("ClusterRoleBinding", "one"), "ClusterRole", "none")})));
  CHECK(refused(Json::array({role(object("Role", "one"), "", "nodes", {"get"})})));
  CHECK(refused(Json::array({role(object("Role", "one", "default"), "", "nodes", {"get"}),
                             bound(object("ClusterRoleBinding", "one"), "Role", "one")})));
  CHECK(refused(Json::array({role(object("Role", "one", "default"), "", "nodes", {"get"}),
                             bound(object("RoleBinding", "one", "shop"), "Role", "one")})));
}

TEST_CASE("kube: used, unused and denied grants, are listed") {
  Setup setup;
  setup.ask("own", "GET", node_path);
  setup.ask("own", "DELETE", node_path);
  const Json told = setup.control("GET", "/rbac/used").body;
  CHECK(
      told.at("used") ==
      Json::array({{{"namespace", ""}, {"apiGroup", ""}, {"resource", "nodes"}, {"verb", "get"}}}));
  CHECK(told.at("needless").size() == 8);
  CHECK(told.at("denied").size() == 1);
  CHECK(told.at("denied").at(0).at("verb") == "delete");
  setup.control("DELETE", "/rbac/used");
  CHECK(setup.control("GET", "/rbac/used").body.at("used").empty());
}

TEST_CASE("kube: update that creates a Lease, needs the right to create") {
  Setup setup;
  const Json rules = {{"rules", {{{"resources", {"leases"}}, {"verbs", {"update"}}}}}};
  setup.control("PUT", "/rbac", rules);
  const Reply reply =
      setup.ask("own", "PUT", leases + "/first", {{"metadata", {{"name", "first"}}}});
  CHECK(reply.status == 403);
  CHECK(reply.body.at("message").dump().find("cannot create") != std::string::npos);
}

TEST_CASE("kube: faults, also spoil calls about Leases") {
  Setup setup;
  setup.control("POST", "/faults",
                {{"server", "kubernetes"},
                 {"method", "POST"},
                 {"path", ".*/leases"},
                 {"kind", "status"},
                 {"status", 500},
                 {"count", 1}});
  const auto struck = [&](const std::string& path) {
    Call call{.server = "kubernetes", .method = "POST", .path = path};
    return setup.faults.strike(call).has_value();
  };
  CHECK_FALSE(struck(events));
  CHECK(struck(leases));
  CHECK_FALSE(struck(leases));
}

TEST_CASE("kubernetes: unknown user, may not send a review; a review uses no grant") {
  Setup setup;
  const std::string reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const Json review = {
      {"spec", {{"resourceAttributes", {{"verb", "get"}, {"resource", "nodes"}}}}}};
  CHECK(setup.ask("", "POST", reviews, review).status == 403);
  const Reply reply = setup.ask("other", "POST", reviews, review);
  CHECK(reply.status == 201);
  CHECK(reply.body.at("status").at("allowed") == true);
  CHECK(setup.control("GET", "/rbac/used").body.at("used").empty());
  const Json both = {{"spec",
                      {{"resourceAttributes", Json::object()},
                       {"nonResourceAttributes", {{"path", "/version"}, {"verb", "get"}}}}}};
  CHECK(setup.ask("own", "POST", reviews, both).status == 422);
}

TEST_CASE("kubernetes: ConfigMap, is shown to users with the right") {
  Setup setup;
  const std::string folder = "/api/v1/namespaces/kube-system/configmaps/";
  const std::string path = folder + "cilium-config";
  setup.control("PUT", "/configmaps/kube-system/cilium-config", {{"data", {{"a", "true"}}}});
  CHECK(setup.ask("own", "GET", path).body.at("data") == Json{{"a", "true"}});
  CHECK(setup.ask("own", "GET", folder + "another").status == 403);
  CHECK(setup.ask("admin", "GET", path).body.at("data") == Json{{"a", "true"}});
}
