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
  if (!objects.contains(key)) {
    metadata["uid"] = fmt::format("5f0e6e0a-0000-4000-8000-{:012x}", ++last_uid_);
    metadata["creationTimestamp"] = timestamp(now);
    creations.push_back({{"at_ms", now},
                         {"resource", key.resource},
                         {"namespace", key.name_space},
                         {"name", key.name}});
  }
  clean_ = false;
  return objects[key] = std::move(object);
}

void Cluster::remove(const KubeKey& key) {
  objects.erase(key);
  clean_ = false;
  collect_garbage();
}

void Cluster::collect_garbage() {
  if (clean_) {
    return;
  }
  std::set<std::string> alive;
  for (const auto& [key, object] : objects) {
    alive.insert(object.at("metadata").at("uid").get<std::string>());
  }
  std::erase_if(objects, [&](const auto& entry) {
    const Json owners = entry.second.at("metadata").value("ownerReferences", Json::array());
    return !owners.empty() && std::ranges::all_of(owners, [&](const Json& owner) {
      return owner.at("kind") == "Node" && !alive.contains(owner.at("uid").get<std::string>());
    });
  });
  clean_ = true;
}

}  // namespace sim
