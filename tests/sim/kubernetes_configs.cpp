// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

// ConfigMaps and DaemonSets, of each of which the program reads one.
namespace sim {
namespace {

const Json& schema() {
  static const Json result = {{"kind", "string"},    {"apiVersion", "string"},
                              {"data", "map"},       {"metadata", metadata_schema()},
                              {"binaryData", "any"}, {"immutable", "bool"}};
  return result;
}

const Json& daemon_set_schema() {
  static const Json result = {{"kind", "string"},
                              {"apiVersion", "string"},
                              {"metadata", metadata_schema()},
                              {"spec", "any"},
                              {"status", "any"}};
  return result;
}

}  // namespace

const Resource& daemon_sets() {
  static const Resource resource{.group = "apps",
                                 .version = "v1",
                                 .plural = "daemonsets",
                                 .kind = "DaemonSet",
                                 .list_kind = "DaemonSetList",
                                 .schema = daemon_set_schema,
                                 .prepare_create = [](Json&) {},
                                 .validate = metadata_faults,
                                 .validate_update = metadata_update_faults};
  return resource;
}

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
