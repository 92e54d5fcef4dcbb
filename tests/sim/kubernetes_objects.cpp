// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

// The verbs, as k8s.io/apiserver/pkg/endpoints/handlers and pkg/registry implement them, with their
// checks in the same order.
namespace sim {
namespace {

const std::string stale =
    "the object has been modified; please apply your changes to the latest version and try again";

std::string name_in(const Json& object) {
  return object.at("metadata").value("name", std::string{});
}

void settle_namespace(const Target& target, Json& object) {
  Json& metadata = object["metadata"];
  if (metadata.is_null()) {
    metadata = Json::object();
  }
  if (!target.resource.namespaced) {
    metadata.erase("namespace");
    return;
  }
  if (metadata.value("namespace", target.key.name_space) != target.key.name_space) {
    throw Refused{status(400, "BadRequest",
                         "the namespace of the provided object does not match the namespace sent "
                         "on the request")};
  }
  metadata["namespace"] = target.key.name_space;
}

void require_name(const Target& target, const Json& object) {
  if (name_in(object) != target.key.name) {
    throw Refused{status(400, "BadRequest",
                         fmt::format("the name of the object ({}) does not match the name on the "
                                     "URL ({})",
                                     name_in(object), target.key.name))};
  }
}

void require_valid(const Target& target, const Json& object, const Causes& causes) {
  if (!causes.empty()) {
    throw Refused{invalid(target.resource, name_in(object), causes)};
  }
}

Reply make(Cluster& cluster, Target target, Json object, Millis now) {
  settle_namespace(target, object);
  Json& metadata = object["metadata"];
  if (target.resource.namespaced && !cluster.namespaces.contains(target.key.name_space)) {
    throw Refused{status(404, "NotFound",
                         fmt::format("namespaces \"{}\" not found", target.key.name_space),
                         {{"name", target.key.name_space}, {"kind", "namespaces"}})};
  }
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "managedFields",
                            "selfLink", "deletionGracePeriodSeconds"}) {
    metadata.erase(field);
  }
  target.resource.prepare_create(object);
  require_valid(target, object, target.resource.validate(object));
  target.key.name = name_in(object);
  if (!metadata.value("resourceVersion", std::string{}).empty()) {
    throw Refused{status(500, "", "resourceVersion should not be set on objects to be created")};
  }
  if (cluster.find(target.key) != nullptr) {
    throw Refused{status(
        409, "AlreadyExists",
        fmt::format("{} \"{}\" already exists", target.resource.qualified(), target.key.name),
        {{"name", target.key.name},
         {"group", target.resource.group},
         {"kind", target.resource.plural}})};
  }
  return {.status = 201, .body = cluster.keep(target.key, object, now)};
}

void require_version(const Target& target, const Json& before, Json& object) {
  Json& metadata = object["metadata"];
  const std::string version = metadata.value("resourceVersion", std::string{});
  if (version.empty() && target.resource.unconditional_update) {
    metadata["resourceVersion"] = before.at("metadata").at("resourceVersion");
    return;
  }
  if (version.empty()) {  // the real server names the resource in place of the kind
    Resource named = target.resource;
    named.kind = named.plural;
    throw Refused{
        invalid(named, target.key.name,
                {invalid_value("metadata.resourceVersion", 0, "must be specified for an update")})};
  }
  if (before.at("metadata").at("resourceVersion") != version) {
    throw Refused{conflict(target.resource, target.key.name, stale)};
  }
}

Reply change(Cluster& cluster, const Target& target, const Json& before, Json object, Millis now) {
  require_version(target, before, object);
  Json& metadata = object["metadata"];
  const Json& known = before.at("metadata");
  metadata["creationTimestamp"] = known.at("creationTimestamp");
  metadata.erase("managedFields");
  if (metadata.value("uid", std::string{}).empty()) {
    metadata["uid"] = known.at("uid");
  }
  if (target.resource.plural == "nodes") {  // has its own subresource
    object.erase("status");
    object.update(before.contains("status") ? Json{{"status", before.at("status")}}
                                            : Json::object());
  }
  require_valid(target, object, target.resource.validate_update(object, before));
  return {.body = object == before ? before : cluster.keep(target.key, object, now)};
}

// The storage refuses an update with another uid.
void require_uid(const Target& target, const Json& before, const Json& object) {
  const std::string uid = object.at("metadata").value("uid", std::string{});
  const std::string is = before.at("metadata").at("uid");
  if (!uid.empty() && uid != is) {
    throw Refused{conflict(
        target.resource, target.key.name,
        fmt::format("StorageError: invalid object, Code: 4, Key: /registry/{}/{}/{}, "
                    "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                    "precondition: {}, UID in object meta: {}",
                    target.resource.plural, target.key.name_space, target.key.name, uid, is))};
  }
}

void require_preconditions(const Target& target, const Json& before, const Json& preconditions) {
  struct Known {
    const char *key, *name, *why;
  };
  for (const Known& known : {Known{"uid", "UID", "deleted and then recreated"},
                             Known{"resourceVersion", "ResourceVersion", "modified"}}) {
    const Json asked = preconditions.value(known.key, Json());
    const Json& is = before.at("metadata").at(known.key);
    if (!asked.is_null() && asked != is) {
      Resource named = target.resource;  // the real server names the kind in place of the resource
      named.plural = named.kind;
      throw Refused{conflict(
          named, target.key.name,
          fmt::format("the {0} in the precondition ({1}) does not match the {0} in record ({2}). "
                      "The object might have been {3}",
                      known.name, asked.get<std::string>(), is.get<std::string>(), known.why))};
    }
  }
}

template <class Body>
Reply answered(Body&& body) {
  try {
    return body();
  } catch (const Refused& refused) {
    return refused.reply;
  }
}

}  // namespace

Reply read(Cluster& cluster, const Target& target) {
  const Json* object = cluster.find(target.key);
  return object == nullptr ? not_found(target.resource, target.key.name) : Reply{.body = *object};
}

Reply list(Cluster& cluster, const Target& target) {
  Json items = Json::array();
  for (const auto& [key, object] : cluster.objects) {
    if (key.resource == target.key.resource &&
        (target.key.name_space.empty() || key.name_space == target.key.name_space)) {
      items.push_back(object);
    }
  }
  return {.body = {{"kind", target.resource.list_kind},
                   {"apiVersion", target.resource.api_version()},
                   {"metadata", {{"resourceVersion", "1"}}},
                   {"items", items}}};
}

Reply create(Cluster& cluster, const Target& target, const Call& call, Millis now) {
  return answered([&] {
    Decoded body = body_of(target.resource, call);
    Reply reply = make(cluster, target, std::move(body.object), now);
    warn(reply, body.unknown);
    return reply;
  });
}

Reply update(Cluster& cluster, const Target& target, const Call& call, Millis now,
             const std::function<std::optional<Reply>()>& deny_creation) {
  return answered([&]() -> Reply {
    Decoded body = body_of(target.resource, call);
    settle_namespace(target, body.object);
    require_name(target, body.object);
    const Json* before = cluster.find(target.key);
    Reply reply;
    if (before != nullptr) {
      require_uid(target, *before, body.object);
      reply = change(cluster, target, Json(*before), body.object, now);
    } else if (!target.resource.create_on_update) {
      return not_found(target.resource, target.key.name);
    } else if (const auto refused = deny_creation()) {
      return *refused;
    } else {  // a version of a deleted object counts as none
      body.object["metadata"].erase("resourceVersion");
      reply = make(cluster, target, body.object, now);
    }
    warn(reply, body.unknown);
    return reply;
  });
}

Reply patch(Cluster& cluster, const Target& target, const Call& call, Millis now) {
  return answered([&]() -> Reply {
    require_patch_type(call);
    const Json* found = cluster.find(target.key);
    if (found == nullptr) {
      return not_found(target.resource, target.key.name);
    }
    const Json before = *found;
    Decoded body = patched(target.resource, before, call);
    settle_namespace(target, body.object);
    require_name(target, body.object);
    Reply reply = change(cluster, target, before, body.object, now);
    warn(reply, body.unknown);
    return reply;
  });
}

Reply remove(Cluster& cluster, const Target& target, const Call& call) {
  return answered([&]() -> Reply {
    const Json options = delete_options(call);
    const Json* before = cluster.find(target.key);
    if (before == nullptr) {
      return not_found(target.resource, target.key.name);
    }
    require_preconditions(target, *before, options.value("preconditions", Json::object()));
    const Json uid = before->at("metadata").at("uid");
    cluster.remove(target.key);
    return {.body = {{"kind", "Status"},
                     {"apiVersion", "v1"},
                     {"metadata", Json::object()},
                     {"status", "Success"},
                     {"details",
                      {{"name", target.key.name},
                       {"group", target.resource.group},
                       {"kind", target.resource.plural},
                       {"uid", uid}}}}};
  });
}

}  // namespace sim
