// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sim {
namespace {

std::string timestamp(Millis now) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(now / 1000)));
}

}  // namespace

Cluster::Cluster() : grants(least_privilege()) {}

Json* Cluster::find(const KubeKey& key) {
  const auto found = objects.find(key);
  return found == objects.end() ? nullptr : &found->second;
}

const Json& Cluster::keep(const KubeKey& key, Json object, Millis now) {
  Json& metadata = object["metadata"];
  metadata["resourceVersion"] = std::to_string(++version_);
  for (const std::string& label : stripped_labels) {
    if (metadata.contains("labels")) {
      metadata["labels"].erase(label);
    }
  }
  const bool made = !objects.contains(key);
  if (made) {
    metadata["uid"] = fmt::format("5f0e6e0a-0000-4000-8000-{:012x}", ++last_uid_);
    metadata["creationTimestamp"] = timestamp(now);
    creations.push_back({{"at_ms", now},
                         {"resource", key.resource},
                         {"namespace", key.name_space},
                         {"name", key.name}});
    alive_.insert(metadata["uid"].get<std::string>());
  }
  clean_ = clean_ && !is_orphan(object);
  return objects[key] = std::move(object);
}

void Cluster::remove(const KubeKey& key) {
  if (const Json* object = find(key)) {
    alive_.erase(object->at("metadata").at("uid").get<std::string>());
    objects.erase(key);
    clean_ = clean_ && key.resource != "nodes";  // nothing else owns anything
  }
  collect_garbage();
}

bool Cluster::is_orphan(const Json& object) const {
  const Json owners = object.at("metadata").value("ownerReferences", Json::array());
  return !owners.empty() && std::ranges::all_of(owners, [&](const Json& owner) {
    return owner.at("kind") == "Node" && !alive_.contains(owner.at("uid").get<std::string>());
  });
}

void Cluster::collect_garbage() {
  if (clean_) {
    return;
  }
  std::erase_if(objects, [&](const auto& entry) {
    const bool orphan = is_orphan(entry.second);
    if (orphan) {
      alive_.erase(entry.second.at("metadata").at("uid").template get<std::string>());
    }
    return orphan;
  });
  clean_ = true;
}

}  // namespace sim
