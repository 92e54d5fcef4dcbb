// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

// The part of the Kubernetes API that the program uses: Nodes, Leases, Events, ConfigMaps and
// access reviews, behind authentication and RBAC. Admission policies are tested on the real server.
namespace sim {
namespace {

const Resource* resource_of(const Attributes& asked) {
  for (const Resource* resource :
       {&nodes(), &leases(), &events(), &config_maps(), &daemon_sets()}) {
    if (resource->group == asked.group && resource->version == asked.version &&
        resource->plural == asked.resource && asked.subresource.empty()) {
      return resource;
    }
  }
  return nullptr;
}

// Paths that every user with any right may read.
Reply plain(const Attributes& asked) {
  if (asked.name == "version") {
    return {.body = {{"major", "1"}, {"minor", "34"}, {"gitVersion", "v1.34.1"}}};
  }
  if (asked.name == "healthz" || asked.name == "livez" || asked.name == "readyz") {
    return {.text = "ok", .type = "text/plain"};
  }
  return {.status = 404, .text = "404 page not found\n", .type = "text/plain"};
}

bool has_scope(const Resource& resource, const Attributes& asked) {
  const bool whole_cluster = asked.name_space.empty();
  return resource.namespaced ? !whole_cluster || asked.verb == "list" : whole_cluster;
}

}  // namespace

Reply kubernetes(World& world, const Call& call, Millis now) {
  Cluster& cluster = world.kube;
  const auto user = authenticate(cluster, call);
  if (!user) {
    return status(401, "Unauthorized", "Unauthorized");
  }
  const Attributes asked = attributes_of(call);
  if (const auto refused = deny(cluster, *user, asked)) {
    return *refused;
  }
  if (asks_for_review(asked)) {
    return review(cluster, *user, call);
  }
  const Resource* resource = asked.is_resource ? resource_of(asked) : nullptr;
  if (resource == nullptr || !has_scope(*resource, asked)) {
    return plain(asked);
  }
  const Target target{*resource, {resource->qualified(), asked.name_space, asked.name}};
  if (asked.verb == "get") {
    return read(cluster, target);
  }
  if (asked.verb == "list") {
    return list(cluster, target);
  }
  if (asked.verb == "create" && asked.name.empty()) {
    return create(cluster, target, call, now);
  }
  if (asked.verb == "update" && !asked.name.empty()) {
    return update(cluster, target, call, now, [&] {
      Attributes creation = asked;
      creation.verb = "create";
      return deny(cluster, *user, creation);
    });
  }
  if (asked.verb == "patch" && !asked.name.empty()) {
    return patch(cluster, target, call, now);
  }
  if (asked.verb == "delete") {
    return remove(cluster, target, call);
  }
  return status(405, "MethodNotAllowed",
                "the server does not allow this method on the requested resource");
}

}  // namespace sim
