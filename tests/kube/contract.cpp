// SPDX-License-Identifier: Apache-2.0
// What do-egress-ip relies on in a Kubernetes API. Run on the simulated one and on a real
// kube-apiserver with etcd: a simulation that lies fails.
//
// The environment says where:
//   KUBE_URL            https://127.0.0.1:6443; without it the suite is skipped (exit 77)
//   KUBE_CA_FILE        whom to trust, PEM; not needed for http://
//   KUBE_ADMIN_TOKEN    may do everything (group system:masters)
//   KUBE_TOKEN          of the service account do-egress-ip, with the shipped RBAC and nothing
//                       else, bound to the Node KUBE_NODE
//   KUBE_NODE           a Node that exists; the suite changes our two labels on it, and puts them
//                       back
//   KUBE_NAMESPACE      the service account's, where its Role for Leases is (do-egress-ip)
//   KUBE_EXPIRED_TOKEN  one that was good once; where it is missing, that test is left out
//
// Everything else the suite makes itself, with random names, and takes away again. It needs no
// controllers; a ValidatingAdmissionPolicy may be in force for the service account.
#define DOCTEST_CONFIG_IMPLEMENT
#include "contract.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

namespace contract {
namespace {

constexpr int exit_skipped = 77;
constexpr int patience_seconds = 30;

std::string variable(const char* name, const std::string& otherwise = {}) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

// One connection for the whole suite, like the program.
httplib::Client& server() {
  static const std::unique_ptr<httplib::Client> client = [] {
    auto made = std::make_unique<httplib::Client>(variable("KUBE_URL"));
    made->set_ca_cert_path(variable("KUBE_CA_FILE").c_str());
    made->enable_server_certificate_verification(true);
    made->set_keep_alive(true);
    made->set_tcp_nodelay(true);
    made->set_read_timeout(patience_seconds);
    return made;
  }();
  return *client;
}

}  // namespace

Reply Caller::send(const std::string& method, const std::string& path, const Body& body) const {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body.text;
  request.headers = {{"Accept", "application/json"}};
  if (!token_.empty()) {
    request.headers.emplace("Authorization", "Bearer " + token_);
  }
  if (!body.text.empty()) {
    request.headers.emplace("Content-Type", body.type);
  }
  const auto result = server().send(request);
  const std::string failure = result ? "" : httplib::to_string(result.error());
  REQUIRE_MESSAGE(result, method, " ", path, ": ", failure);
  return {.status = result->status,
          .body = Json::parse(result->body, nullptr, false),
          .date = result->get_header_value("Date"),
          .warning = result->get_header_value("Warning")};
}

Caller admin() {
  return Caller(variable("KUBE_ADMIN_TOKEN"));
}

Caller service_account() {
  return Caller(variable("KUBE_TOKEN"));
}

std::optional<Caller> expired_account() {
  const std::string token = variable("KUBE_EXPIRED_TOKEN");
  return token.empty() ? std::nullopt : std::optional(Caller(token));
}

std::string own_node() {
  return variable("KUBE_NODE");
}

std::string own_namespace() {
  return variable("KUBE_NAMESPACE", "do-egress-ip");
}

bool refused(const Reply& reply, int status, const std::string& reason) {
  INFO("answered ", reply.status, ": ", reply.body.dump());
  CHECK(reply.status == status);
  const bool as_expected =
      reply.status == status && reply.body.is_object() &&
      reply.body.value("kind", "") == "Status" && reply.body.value("apiVersion", "") == "v1" &&
      reply.body.value("status", "") == "Failure" && reply.body.value("reason", "") == reason &&
      reply.body.value("code", 0) == status;
  CHECK(as_expected);
  return as_expected;
}

bool says(const Reply& reply, const std::string& part) {
  const std::string message = reply.body.value("message", "");
  const bool found = message.find(part) != std::string::npos;
  CHECK_MESSAGE(found, "it says: ", message);
  return found;
}

bool blames(const Reply& reply, const std::string& field) {
  for (const Json& cause : reply.body.at("details").at("causes")) {
    if (cause.value("field", "") == field) {
      return true;
    }
  }
  return false;
}

std::string unique_name(const std::string& start) {
  static std::random_device random;
  constexpr std::uint64_t letters = 26;
  std::string name = start + "-";
  for (int i = 0; i < 10; ++i) {
    name += static_cast<char>('a' + random() % letters);
  }
  return name;
}

Cleaner::~Cleaner() {
  try {
    admin().remove(path_);
  } catch (...) {  // the test has failed by then
  }
}

OwnNode::OwnNode(const Json& labels, const Json& taints) {
  const Reply reply =
      admin().post("/api/v1/nodes", {{"apiVersion", "v1"},
                                     {"kind", "Node"},
                                     {"metadata", {{"name", name_}, {"labels", labels}}},
                                     {"spec", {{"taints", taints}}}});
  REQUIRE_MESSAGE(reply.status == 201, reply.body.dump());
  made_ = reply.body;
}

std::string leases(const std::string& name_space) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + name_space + "/leases";
}

std::string events(const std::string& name_space) {
  return "/apis/events.k8s.io/v1/namespaces/" + name_space + "/events";
}

Json lease(const std::string& name, const std::string& holder, const std::string& node_uid) {
  Json made = {{"apiVersion", "coordination.k8s.io/v1"},
               {"kind", "Lease"},
               {"metadata", {{"name", name}}},
               {"spec",
                {{"holderIdentity", holder},
                 {"leaseDurationSeconds", 150},
                 {"acquireTime", "2026-11-01T10:00:00.000000Z"},
                 {"renewTime", "2026-11-01T10:00:00.000000Z"},
                 {"leaseTransitions", 0}}}};
  if (!node_uid.empty()) {
    made["metadata"]["ownerReferences"] = {
        {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", holder}, {"uid", node_uid}}};
  }
  return made;
}

Json event(const std::string& name) {
  return {{"apiVersion", "events.k8s.io/v1"},
          {"kind", "Event"},
          {"metadata", {{"name", name}, {"namespace", "default"}}},
          {"eventTime", "2026-11-01T10:00:00.000000Z"},
          {"reportingController", "do-egress-ip"},
          {"reportingInstance", "node-1"},
          {"regarding", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "node-1"}}},
          {"type", "Normal"},
          {"reason", "EgressIPAssigned"},
          {"action", "Assign"},
          {"note", "198.51.100.1 is assigned"}};
}

}  // namespace contract

int main(int argc, char** argv) {
  if (std::getenv("KUBE_URL") == nullptr) {
    std::cerr << "kube_contract: skipped: KUBE_URL does not say where the API server is\n";
    return contract::exit_skipped;
  }
  doctest::Context context(argc, argv);
  return context.run();
}
