// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

// ConfigMaps; the program reads one.
namespace sim {
namespace {

const Json& schema() {
  static const Json result = {{"kind", "string"},    {"apiVersion", "string"},
                              {"data", "map"},       {"metadata", metadata_schema()},
                              {"binaryData", "any"}, {"immutable", "bool"}};
  return result;
}

}  // namespace

const Resource& config_maps() {
  static const Resource resource{.version = "v1",
                                 .plural = "configmaps",
                                 .kind = "ConfigMap",
                                 .list_kind = "ConfigMapList",
                                 .schema = schema,
                                 .prepare_create = [](Json&) {},
                                 .validate = metadata_faults,
                                 .validate_update = metadata_update_faults};
  return resource;
}

}  // namespace sim
