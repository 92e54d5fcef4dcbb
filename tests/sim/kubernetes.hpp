// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"

#include <optional>
#include <string>
#include <vector>

// The simulated kube-apiserver. Its refusals and their texts follow release 1.34; the contract
// suite of tests/kube checks both servers.
namespace sim {

// Why an object is invalid: one cause of a 422.
struct Cause {
  std::string reason, field, message;
};
using Causes = std::vector<Cause>;

Cause invalid_value(const std::string& field, const Json& value, const std::string& detail);
Cause required_value(const std::string& field, const std::string& detail = {});
Cause forbidden_value(const std::string& field, const std::string& detail);
void append(Causes& causes, const Causes& more);

// The properties of a kind of objects.
struct Resource {
  std::string group = {}, version = {}, plural = {}, kind = {}, list_kind = {};
  bool namespaced = true;
  bool create_on_update = true;
  bool unconditional_update = true;
  const Json& (*schema)() = nullptr;
  void (*prepare_create)(Json& object) = nullptr;
  Causes (*validate)(const Json& object) = nullptr;
  Causes (*validate_update)(const Json& now, const Json& before) = nullptr;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
  std::string qualified_kind() const { return group.empty() ? kind : kind + "." + group; }
};
const Resource& nodes();
const Resource& leases();
const Resource& events();
const Resource& config_maps();
const Resource& daemon_sets();

// Status objects.
Reply status(int code, const std::string& reason, const std::string& message,
             const Json& details = nullptr);
Reply not_found(const Resource& resource, const std::string& name);
Reply conflict(const Resource& resource, const std::string& name, const std::string& why);
Reply invalid(const Resource& resource, const std::string& name, const Causes& causes);
Reply unsupported_media_type(const std::string& accepted);

// The attributes of a request that the authorizer sees.
struct Attributes {
  std::string verb = {}, group = {}, version = {}, name_space = {}, resource = {};
  std::string subresource = {}, name = {};
  bool is_resource = false;
};
Attributes attributes_of(const Call& call);

struct User {
  std::string name;
  bool admin = false;
  bool anonymous = false;
};
// Nothing for an unknown or expired token.
std::optional<User> authenticate(const Cluster& cluster, const Call& call);
// The refusal, if any. Counts the use of the grant that allows the request.
std::optional<Reply> deny(Cluster& cluster, const User& user, const Attributes& attributes);

// Whether RBAC allows it; counts no use.
bool may(const Cluster& cluster, const User& user, const Attributes& asked);

// SelfSubjectAccessReview: the request, and its answer.
bool asks_for_review(const Attributes& asked);
Reply review(const Cluster& cluster, const User& user, const Call& call);

// Decoding refuses fields of a wrong type, and drops and reports unknown ones.
struct Undecodable : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Decoded {
  Json object;
  std::vector<std::string> unknown;  // "spec.foo"
};
Decoded decode(const Json& schema, const Json& value);  // throws Undecodable
const Json& metadata_schema();

// Validation of all objects. An empty list means valid.
bool is_subdomain(const std::string& text);
std::vector<std::string> qualified_name_faults(const std::string& text);
std::vector<std::string> label_value_faults(const std::string& text);
Causes metadata_faults(const Json& object);
Causes metadata_update_faults(const Json& now, const Json& before);

// Reads requests. Each function throws Refused, which is the handler's answer.
struct Refused {
  Reply reply;
};
Decoded body_of(const Resource& resource, const Call& call);
Json delete_options(const Call& call);
void require_patch_type(const Call& call);
Decoded patched(const Resource& resource, const Json& before, const Call& call);
// Reports dropped fields in the reply.
void warn(Reply& reply, const std::vector<std::string>& unknown);

// The verbs. `deny_creation` is called if an update would create the object.
struct Target {
  const Resource& resource;
  KubeKey key;
};
Reply read(Cluster& cluster, const Target& target);
Reply list(Cluster& cluster, const Target& target);
Reply create(Cluster& cluster, const Target& target, const Call& call, Millis now);
Reply update(Cluster& cluster, const Target& target, const Call& call, Millis now,
             const std::function<std::optional<Reply>()>& deny_creation);
Reply patch(Cluster& cluster, const Target& target, const Call& call, Millis now);
Reply remove(Cluster& cluster, const Target& target, const Call& call);

}  // namespace sim
