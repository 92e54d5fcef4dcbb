// SPDX-License-Identifier: Apache-2.0
#include "contract.hpp"

#include <doctest/doctest.h>

using contract::admin;
using contract::blames;
using contract::Json;
using contract::OwnNode;
using contract::refused;
using contract::Reply;
using contract::says;

namespace {

const std::string json_patch = "application/json-patch+json";
const std::string strategic = "application/strategic-merge-patch+json";
const std::string gate = "do-egress-ip/not-ready";

Json labels(const Json& changes) {
  return {{"metadata", {{"labels", changes}}}};
}

Json taints(const Json& list) {
  return {{"spec", {{"taints", list}}}};
}

Json of_version(Json patch, const std::string& version) {
  patch["metadata"]["resourceVersion"] = version;
  return patch;
}

}  // namespace

TEST_CASE("nodes: Node, has uid, version and labels, and each reply a Date") {
  const OwnNode node(Json{{"team", "payments"}});
  const Reply reply = admin().get(node.path());
  CHECK(reply.status == 200);
  CHECK(reply.body.at("kind") == "Node");
  CHECK(reply.body.at("apiVersion") == "v1");
  CHECK(reply.body.at("metadata").at("name") == node.name());
  CHECK(reply.body.at("metadata").at("labels").at("team") == "payments");
  CHECK_FALSE(reply.body.at("metadata").at("uid").get<std::string>().empty());
  CHECK_FALSE(reply.body.at("metadata").at("resourceVersion").get<std::string>().empty());
  CHECK(reply.date.find(" GMT") != std::string::npos);
  CHECK_FALSE(admin().get("/api/v1/nodes/" + contract::unique_name("none")).date.empty());
}

TEST_CASE("nodes: missing Node, is not found") {
  const std::string name = contract::unique_name("none");
  const std::string path = "/api/v1/nodes/" + name;
  const std::string message = "nodes \"" + name + "\" not found";
  const Reply read = admin().get(path);
  CHECK(refused(read, 404, "NotFound"));
  CHECK(says(read, message));
  CHECK(refused(admin().merge(path, labels({{"a", "b"}})), 404, "NotFound"));
  CHECK(refused(admin().remove(path), 404, "NotFound"));
}

TEST_CASE("nodes: merge patch, sets and removes labels and keeps others") {
  const OwnNode node(Json{{"team", "payments"}, {"old", "1"}});
  const Reply reply = admin().merge(node.path(), labels({{"old", nullptr}, {"new", "2"}}));
  CHECK(reply.status == 200);
  const Json now = reply.body.at("metadata").at("labels");
  CHECK(now.at("team") == "payments");
  CHECK(now.at("new") == "2");
  CHECK_FALSE(now.contains("old"));
}

TEST_CASE("nodes: patch without a change, makes no new version") {
  const OwnNode node(Json{{"team", "payments"}});
  const std::string before = node.version();
  const Reply same = admin().merge(node.path(), labels({{"team", "payments"}}));
  CHECK(same.body.at("metadata").at("resourceVersion") == before);
  const Reply other = admin().merge(node.path(), labels({{"team", "billing"}}));
  CHECK(other.body.at("metadata").at("resourceVersion") != before);
}

TEST_CASE("nodes: patch of an old version, is a conflict without effect") {
  const OwnNode node;
  const std::string version = node.version();
  REQUIRE(admin().merge(node.path(), labels({{"other", "writer"}})).status == 200);
  const Reply reply = admin().merge(
      node.path(), of_version(taints({{{"key", gate}, {"effect", "NoSchedule"}}}), version));
  CHECK(refused(reply, 409, "Conflict"));
  CHECK(says(reply, "Operation cannot be fulfilled on nodes \"" + node.name() +
                        "\": the object has been modified; please apply your changes to the latest "
                        "version and try again"));
  CHECK(node.read().dump().find(gate) == std::string::npos);
  CHECK(admin().merge(node.path(), of_version(labels({{"a", "b"}}), node.version())).status == 200);
}

TEST_CASE("nodes: merge patch, replaces the whole list of taints with all fields") {
  const OwnNode node;
  const Json whole = {{{"key", "a"}, {"effect", "NoSchedule"}},
                      {{"key", "example.com/b"},
                       {"value", "v"},
                       {"effect", "NoExecute"},
                       {"timeAdded", "2026-11-01T10:00:00Z"}},
                      {{"key", "a"}, {"effect", "PreferNoSchedule"}}};
  const Reply reply = admin().merge(node.path(), taints(whole));
  CHECK(reply.status == 200);
  CHECK(reply.body.at("spec").at("taints") == whole);
  const Reply none = admin().merge(node.path(), taints(Json::array()));
  CHECK(none.body.value("spec", Json::object()).value("taints", Json::array()).empty());
}

TEST_CASE("nodes: invalid label, is refused") {
  const OwnNode node;
  const std::string long_text(64, 'a');
  for (const Json& wrong : {Json{{"a", "no blanks"}}, Json{{"a", "-dash"}}, Json{{"a", long_text}},
                            Json{{"a/b/c", "v"}}, Json{{"-a", "v"}}, Json{{long_text, "v"}},
                            Json{{"/a", "v"}}, Json{{"Upper.Case/a", "v"}}}) {
    CAPTURE(wrong.dump());
    const Reply reply = admin().merge(node.path(), labels(wrong));
    CHECK(refused(reply, 422, "Invalid"));
    CHECK(says(reply, "Node \"" + node.name() + "\" is invalid: "));
    CHECK(says(reply, "metadata.labels: Invalid value: \""));
    CHECK(blames(reply, "metadata.labels"));
  }
  CHECK(admin().merge(node.path(), labels({{"a", ""}, {"b.c/D_e.f", "G-h_i.J"}})).status == 200);
  CHECK(refused(admin().merge(node.path(), labels({{"a", true}})), 422, "Invalid"));
}

TEST_CASE("nodes: invalid taint, is refused") {
  struct Wrong {
    Json taint;
    std::string field, message;
  };
  const OwnNode node;
  for (const Wrong& wrong :
       {Wrong{{{"key", "a"}, {"effect", "Never"}},
              "metadata.taints[1].effect",
              "Unsupported value: \"Never\": supported values: \"NoSchedule\", "
              "\"PreferNoSchedule\", \"NoExecute\""},
        Wrong{{{"key", "a"}}, "metadata.taints[1].effect", "Required value"},
        Wrong{{{"key", "not a key"}, {"effect", "NoSchedule"}},
              "metadata.taints[1].key",
              "Invalid value: \"not a key\": name part must consist of"},
        Wrong{{{"effect", "NoSchedule"}}, "metadata.taints[1].key", "must be non-empty"},
        Wrong{{{"key", "a"}, {"value", "no blanks"}, {"effect", "NoSchedule"}},
              "metadata.taints[1].value",
              "Invalid value: \"no blanks\""},
        Wrong{{{"key", gate}, {"value", "other"}, {"effect", "NoSchedule"}},
              "metadata.taints[1]",
              "Duplicate value: "}}) {
    CAPTURE(wrong.taint.dump());
    const Json first = {{"key", gate}, {"effect", "NoSchedule"}};
    const Reply reply = admin().merge(node.path(), taints({first, wrong.taint}));
    CHECK(refused(reply, 422, "Invalid"));
    CHECK(blames(reply, wrong.field));
    CHECK(says(reply, wrong.message));
  }
}

TEST_CASE("nodes: three kinds of patches, are accepted, and no other") {
  const OwnNode node(Json{{"team", "payments"}});
  const auto patch = [&](const std::string& type, const std::string& text) {
    return admin().send("PATCH", node.path(), {.text = text, .type = type});
  };
  const std::string merge = labels({{"kind", "merge"}}).dump();
  CHECK(patch(strategic, labels({{"kind", "strategic"}}).dump()).status == 200);
  CHECK(patch("application/merge-patch+json; charset=utf-8", merge).status == 200);
  CHECK(patch(json_patch, R"([{"op": "add", "path": "/metadata/labels/kind", "value": "json"}])")
            .body.at("metadata")
            .at("labels")
            .at("kind") == "json");
  for (const std::string type : {"application/json", "text/plain"}) {
    const Reply reply = patch(type, merge);
    CHECK(refused(reply, 415, "UnsupportedMediaType"));
    CHECK(says(reply, "415: Unsupported Media Type"));
  }
}

TEST_CASE("nodes: unreadable patch, is a bad request") {
  const OwnNode node(Json{{"team", "payments"}});
  const auto patch = [&](const std::string& type, const std::string& text) {
    return admin().send("PATCH", node.path(), {.text = text, .type = type});
  };
  const std::string merge = "application/merge-patch+json";
  CHECK(refused(patch(merge, "{"), 400, "BadRequest"));
  CHECK(refused(patch(merge, "[1]"), 400, "BadRequest"));
  CHECK(refused(patch(json_patch, "{}"), 400, "BadRequest"));
  CHECK(refused(patch(strategic, "{"), 400, "BadRequest"));
  CHECK(patch(json_patch, R"([{"op": "test", "path": "/metadata/labels/team", "value": "x"}])")
            .status == 422);
  CHECK(patch(json_patch, R"([{"op": "remove", "path": "/metadata/labels/none"}])").status == 422);
}

TEST_CASE("nodes: immutable field, is refused") {
  const OwnNode node;
  const Reply renamed = admin().merge(node.path(), {{"metadata", {{"name", "other"}}}});
  CHECK(refused(renamed, 400, "BadRequest"));
  const Reply other =
      admin().merge(node.path(), {{"metadata", {{"uid", "5f0e6e0a-0000-4000-8000-00000000dead"}}}});
  CHECK(refused(other, 422, "Invalid"));
  CHECK(blames(other, "metadata.uid"));
  REQUIRE(admin().merge(node.path(), {{"spec", {{"providerID", "digitalocean://1"}}}}).status ==
          200);
  const Reply moved = admin().merge(node.path(), {{"spec", {{"providerID", "digitalocean://2"}}}});
  CHECK(refused(moved, 422, "Invalid"));
  CHECK(blames(moved, "spec.providerID"));
}

TEST_CASE("nodes: unknown field, is dropped with a warning, or refused in strict mode") {
  const OwnNode node;
  const Json patch = {{"spec", {{"taint", "a typo"}}}};
  const Reply reply = admin().merge(node.path(), patch);
  CHECK(reply.status == 200);
  CHECK(reply.warning.find("unknown field \\\"spec.taint\\\"") != std::string::npos);
  CHECK_FALSE(node.read().at("spec").contains("taint"));
  CHECK(refused(admin().merge(node.path() + "?fieldValidation=Strict", patch), 422, "Invalid"));
}

TEST_CASE("nodes: Node created again under its name, has another uid") {
  const OwnNode node;
  const Json body = {{"kind", "Node"},
                     {"apiVersion", "v1"},
                     {"metadata", {{"name", node.name()}, {"uid", node.uid()}}}};
  CHECK(refused(admin().post("/api/v1/nodes", body), 409, "AlreadyExists"));
  REQUIRE(admin().remove(node.path()).status == 200);
  CHECK(refused(admin().get(node.path()), 404, "NotFound"));
  const Reply second = admin().post("/api/v1/nodes", body);
  CHECK(second.status == 201);
  CHECK(second.body.at("metadata").at("uid") != node.uid());
}
