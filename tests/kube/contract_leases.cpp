// SPDX-License-Identifier: Apache-2.0
#include "contract.hpp"

#include <doctest/doctest.h>

using contract::admin;
using contract::blames;
using contract::Cleaner;
using contract::Json;
using contract::lease;
using contract::leases;
using contract::OwnNode;
using contract::refused;
using contract::Reply;
using contract::says;

namespace {

// A Lease for the test, created by the administrator.
struct OwnLease {
  std::string name = contract::unique_name("do-egress-ip-198.51.100.1");
  Cleaner cleaner{leases() + "/" + name};
  Reply made = admin().post(leases(), lease(name, "node-1"));

  const std::string& path() const { return cleaner.path(); }
  Json read() const { return admin().get(path()).body; }
  std::string version() const { return read().at("metadata").at("resourceVersion"); }
  std::string uid() const { return read().at("metadata").at("uid"); }
  Json of_version(const std::string& holder, const std::string& resource_version) const {
    Json wanted = lease(name, holder);
    wanted["metadata"]["resourceVersion"] = resource_version;
    return wanted;
  }
};

Json with(Json object, const std::string& pointer, const Json& value) {
  object[Json::json_pointer(pointer)] = value;
  return object;
}

const std::string stale =
    "the object has been modified; please apply your changes to the latest version and try again";

}  // namespace

TEST_CASE("leases: new Lease, is stored unchanged with uid, version and namespace") {
  const OwnNode node;
  const std::string name = contract::unique_name("do-egress-ip-198.51.100.1");
  const Cleaner cleaner(leases() + "/" + name);
  const Json wanted = lease(name, node.name(), node.uid());
  const Reply made = admin().post(leases(), wanted);
  CHECK(made.status == 201);
  const Json shown = admin().get(cleaner.path()).body;
  CHECK(shown == made.body);
  CHECK(shown.at("kind") == "Lease");
  CHECK(shown.at("apiVersion") == "coordination.k8s.io/v1");
  CHECK(shown.at("spec") == wanted.at("spec"));
  CHECK(shown.at("metadata").at("namespace") == contract::own_namespace());
  CHECK(shown.at("metadata").at("ownerReferences") == wanted.at("metadata").at("ownerReferences"));
  CHECK_FALSE(shown.at("metadata").at("uid").get<std::string>().empty());
  CHECK_FALSE(shown.at("metadata").at("resourceVersion").get<std::string>().empty());
}

TEST_CASE("leases: two creations at once, one succeeds") {
  const OwnLease own;
  REQUIRE(own.made.status == 201);
  const Reply second = admin().post(leases(), lease(own.name, "node-2"));
  CHECK(refused(second, 409, "AlreadyExists"));
  CHECK(says(second, "leases.coordination.k8s.io \"" + own.name + "\" already exists"));
  CHECK(own.read().at("spec").at("holderIdentity") == "node-1");
}

TEST_CASE("leases: missing Lease or namespace, is not found") {
  const std::string name = contract::unique_name("none");
  const Reply read = admin().get(leases() + "/" + name);
  CHECK(refused(read, 404, "NotFound"));
  CHECK(says(read, "leases.coordination.k8s.io \"" + name + "\" not found"));
  CHECK(refused(admin().remove(leases() + "/" + name), 404, "NotFound"));
  CHECK(refused(admin().merge(leases() + "/" + name, Json::object()), 404, "NotFound"));
  const Reply nowhere = admin().post(leases(name), lease("a", "node-1"));
  CHECK(refused(nowhere, 404, "NotFound"));
  CHECK(says(nowhere, "namespaces \"" + name + "\" not found"));
}

TEST_CASE("leases: two takeovers at once, one succeeds") {
  const OwnLease own;
  const std::string version = own.version();
  const Reply first = admin().put(own.path(), own.of_version("node-2", version));
  CHECK(first.status == 200);
  CHECK(first.body.at("metadata").at("resourceVersion") != version);
  CHECK(first.body.at("metadata").at("uid") == own.made.body.at("metadata").at("uid"));
  const Reply second = admin().put(own.path(), own.of_version("node-3", version));
  CHECK(refused(second, 409, "Conflict"));
  CHECK(says(second, "Operation cannot be fulfilled on leases.coordination.k8s.io \"" + own.name +
                         "\": " + stale));
  CHECK(own.read().at("spec").at("holderIdentity") == "node-2");
}

TEST_CASE("leases: update, needs a version") {
  const OwnLease own;
  const Reply reply = admin().put(own.path(), lease(own.name, "node-2"));
  CHECK(refused(reply, 422, "Invalid"));
  CHECK(says(reply, "metadata.resourceVersion: Invalid value: 0"));
  CHECK(says(reply, "must be specified for an update"));
  CHECK(own.read().at("spec").at("holderIdentity") == "node-1");
}

TEST_CASE("leases: update with another uid, is a conflict") {
  const OwnLease own;
  Json wanted = own.of_version("node-2", own.version());
  wanted["metadata"]["uid"] = "5f0e6e0a-0000-4000-8000-00000000dead";
  const Reply reply = admin().put(own.path(), wanted);
  CHECK(refused(reply, 409, "Conflict"));
  CHECK(says(reply, "Precondition failed: UID in precondition"));
}

TEST_CASE("leases: update of a deleted Lease, creates it once whatever its version") {
  const OwnLease own;
  const Json wanted = own.of_version("node-2", own.version());
  const std::string uid = own.uid();
  REQUIRE(admin().remove(own.path()).status == 200);
  const Reply made = admin().put(own.path(), wanted);
  CHECK(made.status == 201);
  CHECK(made.body.at("metadata").at("uid") != uid);
  CHECK(refused(admin().put(own.path(), wanted), 409, "Conflict"));
}

TEST_CASE("leases: update without a change, makes no new version") {
  const OwnLease own;
  const std::string version = own.version();
  const Reply same = admin().put(own.path(), own.of_version("node-1", version));
  CHECK(same.status == 200);
  CHECK(same.body.at("metadata").at("resourceVersion") == version);
}

TEST_CASE("leases: delete with a precondition, needs the same uid and version") {
  const OwnLease own;
  const std::string version = own.version();
  const auto only = [](const Json& preconditions) {
    return Json{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"preconditions", preconditions}};
  };
  REQUIRE(admin().put(own.path(), own.of_version("node-2", version)).status == 200);
  const Reply stale_version =
      admin().remove(own.path(), only({{"uid", own.uid()}, {"resourceVersion", version}}));
  CHECK(refused(stale_version, 409, "Conflict"));
  CHECK(says(stale_version, "Operation cannot be fulfilled on Lease.coordination.k8s.io \"" +
                                own.name + "\": the ResourceVersion in the precondition (" +
                                version + ") does not match the ResourceVersion in record ("));
  const Reply other =
      admin().remove(own.path(), only({{"uid", "5f0e6e0a-0000-4000-8000-00000000dead"}}));
  CHECK(refused(other, 409, "Conflict"));
  CHECK(says(other, "does not match the UID in record (" + own.uid() + ")"));
  const Reply gone =
      admin().remove(own.path(), only({{"uid", own.uid()}, {"resourceVersion", own.version()}}));
  CHECK(gone.status == 200);
  CHECK(gone.body.at("kind") == "Status");
  CHECK(gone.body.at("status") == "Success");
  CHECK(refused(admin().get(own.path()), 404, "NotFound"));
}

TEST_CASE("leases: unreadable body, is a bad request") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  const Json good = lease(name, "node-1");
  for (const std::string time : {"2026-11-01T10:00:00Z", "2026-11-01T10:00:00.000Z",
                                 "2026-11-01T10:00:00.000000000Z", "2026-11-01 10:00:00.000000Z",
                                 "2026-11-01T10:00:00.000000", "2026-13-01T10:00:00.000000Z", ""}) {
    CAPTURE(time);
    CHECK(refused(admin().post(leases(), with(good, "/spec/renewTime", time)), 400, "BadRequest"));
  }
  CHECK(refused(admin().post(leases(), with(good, "/spec/leaseDurationSeconds", "15")), 400,
                "BadRequest"));
  CHECK(refused(admin().post(leases(), with(good, "/spec/leaseDurationSeconds", 1.5)), 400,
                "BadRequest"));
  CHECK(refused(admin().post(leases(), with(good, "/spec/leaseDurationSeconds", 3'000'000'000)),
                400, "BadRequest"));
  CHECK(refused(admin().post(leases(), with(good, "/spec/holderIdentity", 1)), 400, "BadRequest"));
  CHECK(refused(admin().post(leases(), with(good, "/kind", "Node")), 400, "BadRequest"));
  CHECK(refused(admin().send("POST", leases(), {.text = "{"}), 400, "BadRequest"));
  const Reply elsewhere = admin().post(leases(), with(good, "/metadata/namespace", "default"));
  CHECK(refused(elsewhere, 400, "BadRequest"));
  CHECK(says(elsewhere,
             "the namespace of the provided object does not match the namespace sent on "
             "the request"));
  CHECK(refused(admin().get(cleaner.path()), 404, "NotFound"));
}

TEST_CASE("leases: time, may have an offset; null means none") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  Json wanted = with(lease(name, "node-1"), "/spec/renewTime", nullptr);
  wanted["spec"]["acquireTime"] = "2026-11-01T10:00:00.123456+00:00";
  const Reply made = admin().post(leases(), wanted);
  CHECK(made.status == 201);
  CHECK_FALSE(made.body.at("spec").contains("renewTime"));
  CHECK(made.body.at("spec").at("acquireTime") == "2026-11-01T10:00:00.123456Z");
}

TEST_CASE("leases: invalid Lease, is refused") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  const Json good = lease(name, "node-1", "5f0e6e0a-0000-4000-8000-00000000dead");
  struct Wrong {
    std::string pointer;
    Json value;
    std::string field, message;
  };
  for (const Wrong& wrong :
       {Wrong{"/spec/leaseDurationSeconds", 0, "spec.leaseDurationSeconds",
              "Invalid value: 0: must be greater than 0"},
        Wrong{"/spec/leaseDurationSeconds", -1, "spec.leaseDurationSeconds",
              "Invalid value: -1: must be greater than 0"},
        Wrong{"/spec/leaseTransitions", -1, "spec.leaseTransitions",
              "Invalid value: -1: must be greater than or equal to 0"},
        Wrong{"/metadata/name", "Upper", "metadata.name", "a lowercase RFC 1123 subdomain must"},
        Wrong{"/metadata/name", "under_score", "metadata.name", "a lowercase RFC 1123 subdomain"},
        Wrong{"/metadata/name", "", "metadata.name",
              "Required value: name or generateName is required"},
        Wrong{"/metadata/labels", {{"a", "no blanks"}}, "metadata.labels", "a valid label must"},
        Wrong{"/metadata/ownerReferences/0/uid", "", "metadata.ownerReferences.uid",
              "must not be empty"},
        Wrong{"/metadata/ownerReferences/0/name", nullptr, "metadata.ownerReferences.name",
              "must not be empty"},
        Wrong{"/metadata/ownerReferences/0/kind", "", "metadata.ownerReferences.kind",
              "must not be empty"},
        Wrong{"/metadata/ownerReferences/0/apiVersion", "", "metadata.ownerReferences.apiVersion",
              "version must not be empty"}}) {
    CAPTURE(wrong.pointer);
    const Reply reply = admin().post(leases(), with(good, wrong.pointer, wrong.value));
    CHECK(refused(reply, 422, "Invalid"));
    CHECK(says(reply, "Lease.coordination.k8s.io \""));
    CHECK(says(reply, wrong.message));
    CHECK(blames(reply, wrong.field));
  }
  CHECK(refused(admin().get(cleaner.path()), 404, "NotFound"));
}

TEST_CASE("leases: invalid update, is refused") {
  const OwnLease own;
  const Json good = own.of_version("node-2", own.version());
  CHECK(refused(admin().put(own.path(), with(good, "/spec/leaseDurationSeconds", 0)), 422,
                "Invalid"));
  CHECK(refused(admin().put(own.path(), with(good, "/spec/renewTime", "now")), 400, "BadRequest"));
  CHECK(refused(admin().put(own.path(), with(good, "/metadata/name", "other")), 400, "BadRequest"));
  CHECK(refused(admin().put(own.path(), with(good, "/metadata/namespace", "default")), 400,
                "BadRequest"));
  CHECK(own.read().at("spec").at("holderIdentity") == "node-1");
}

TEST_CASE("leases: unknown field, is dropped with a warning, or refused in strict mode") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  const Json wanted = with(lease(name, "node-1"), "/spec/holder", "node-1");
  const Reply strict = admin().post(leases() + "?fieldValidation=Strict", wanted);
  CHECK(refused(strict, 400, "BadRequest"));
  CHECK(says(strict, "strict decoding error: unknown field \"spec.holder\""));
  const Reply made = admin().post(leases(), wanted);
  CHECK(made.status == 201);
  CHECK(made.warning.find("unknown field \\\"spec.holder\\\"") != std::string::npos);
  CHECK_FALSE(made.body.at("spec").contains("holder"));
}

TEST_CASE("leases: other content types, versions and uids in a creation, are refused") {
  const std::string name = contract::unique_name("a");
  const Cleaner cleaner(leases() + "/" + name);
  const Json good = lease(name, "node-1");
  const auto post = [&](const std::string& type) {
    return admin().send("POST", leases(), {.text = good.dump(), .type = type});
  };
  const Reply form = post("application/x-www-form-urlencoded");
  CHECK(refused(form, 415, "UnsupportedMediaType"));
  CHECK(says(form,
             "the body of the request was in an unknown format - accepted media types "
             "include: application/json"));
  CHECK(admin().post(leases(), with(good, "/metadata/resourceVersion", "1")).status == 500);
  CHECK(refused(admin().get(cleaner.path()), 404, "NotFound"));
  const std::string uid = "5f0e6e0a-0000-4000-8000-00000000dead";
  const Reply made = admin().post(leases(), with(good, "/metadata/uid", uid));
  CHECK(made.status == 201);
  CHECK(made.body.at("metadata").at("uid") != uid);
}
