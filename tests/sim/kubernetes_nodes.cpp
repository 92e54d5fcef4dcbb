// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

// Nodes: pkg/apis/core/validation.
namespace sim {
namespace {

const Json& node_schema() {
  static const Json result = {{"kind", "string"},
                              {"apiVersion", "string"},
                              {"metadata", metadata_schema()},
                              {"spec",
                               {{"podCIDR", "string"},
                                {"podCIDRs", Json::array({"string"})},
                                {"providerID", "string"},
                                {"unschedulable", "bool"},
                                {"externalID", "string"},
                                {"configSource", "any"},
                                {"taints", Json::array({{{"key", "string"},
                                                         {"value", "string"},
                                                         {"effect", "string"},
                                                         {"timeAdded", "time"}}})}}},
                              {"status", "any"}};
  return result;
}

std::string taint_text(const Json& taint, const char* key) {
  return taint.value(key, std::string{});
}

// The admission plugin TaintNodesByCondition.
void taint_as_not_ready(Json& node) {
  const Json not_ready = {{"key", "node.kubernetes.io/not-ready"}, {"effect", "NoSchedule"}};
  Json& taints = node["spec"]["taints"];
  if (taints.is_null()) {
    taints = Json::array();
  }
  const bool has = std::ranges::any_of(taints, [&](const Json& taint) {
    return not_ready.at("key") == taint_text(taint, "key") &&
           not_ready.at("effect") == taint_text(taint, "effect");
  });
  if (!has) {
    taints.push_back(not_ready);
  }
}

Causes taint_faults(const std::string& field, const Json& taint) {
  static const std::array<std::string, 3> effects = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
  Causes causes;
  for (const std::string& fault : qualified_name_faults(taint_text(taint, "key"))) {
    causes.push_back(invalid_value(field + ".key", taint_text(taint, "key"), fault));
  }
  for (const std::string& fault : label_value_faults(taint_text(taint, "value"))) {
    causes.push_back(invalid_value(field + ".value", taint_text(taint, "value"), fault));
  }
  const std::string effect = taint_text(taint, "effect");
  if (effect.empty()) {
    causes.push_back(required_value(field + ".effect"));
  } else if (std::ranges::find(effects, effect) == effects.end()) {
    causes.push_back({"FieldValueNotSupported", field + ".effect",
                      fmt::format("Unsupported value: \"{}\": supported values: \"NoSchedule\", "
                                  "\"PreferNoSchedule\", \"NoExecute\"",
                                  effect)});
  }
  return causes;
}

// The real server says metadata.taints although they are in spec.
Causes taints_faults(const Json& node) {
  const Json taints = node.value("spec", Json::object()).value("taints", Json::array());
  Causes causes;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < taints.size(); ++i) {
    const std::string field = fmt::format("metadata.taints[{}]", i);
    append(causes, taint_faults(field, taints[i]));
    if (!seen.emplace(taint_text(taints[i], "key"), taint_text(taints[i], "effect")).second) {
      causes.push_back({"FieldValueDuplicate", field,
                        fmt::format("Duplicate value: {}: taints must be unique by key and effect "
                                    "pair",
                                    taints[i].dump())});
    }
  }
  return causes;
}

Causes validate_node(const Json& node) {
  Causes causes = metadata_faults(node);
  append(causes, taints_faults(node));
  return causes;
}

Causes validate_node_update(const Json& now, const Json& before) {
  Causes causes = metadata_update_faults(now, before);
  append(causes, taints_faults(now));
  const auto provider = [](const Json& node) {
    return node.value("spec", Json::object()).value("providerID", std::string{});
  };
  if (!provider(before).empty() && provider(now) != provider(before)) {
    causes.push_back(forbidden_value(
        "spec.providerID", "node updates may not change providerID except from \"\" to valid"));
  }
  return causes;
}

}  // namespace

const Resource& nodes() {
  static const Resource resource{.version = "v1",
                                 .plural = "nodes",
                                 .kind = "Node",
                                 .list_kind = "NodeList",
                                 .namespaced = false,
                                 .create_on_update = false,
                                 .schema = node_schema,
                                 .prepare_create = taint_as_not_ready,
                                 .validate = validate_node,
                                 .validate_update = validate_node_update};
  return resource;
}

}  // namespace sim
