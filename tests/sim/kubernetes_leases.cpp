// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

// Leases: pkg/apis/coordination/validation, pkg/registry/coordination/lease.
namespace sim {
namespace {

const Json& lease_schema() {
  static const Json result = {{"kind", "string"},
                              {"apiVersion", "string"},
                              {"metadata", metadata_schema()},
                              {"spec",
                               {{"holderIdentity", "string"},
                                {"leaseDurationSeconds", "int32"},
                                {"acquireTime", "microtime"},
                                {"renewTime", "microtime"},
                                {"leaseTransitions", "int32"},
                                {"strategy", "string"},
                                {"preferredHolder", "string"}}}};
  return result;
}

Causes spec_faults(const Json& lease) {
  const Json spec = lease.value("spec", Json::object());
  Causes causes;
  if (spec.value("leaseDurationSeconds", 1) <= 0) {
    causes.push_back(invalid_value("spec.leaseDurationSeconds", spec.at("leaseDurationSeconds"),
                                   "must be greater than 0"));
  }
  if (spec.value("leaseTransitions", 0) < 0) {
    causes.push_back(invalid_value("spec.leaseTransitions", spec.at("leaseTransitions"),
                                   "must be greater than or equal to 0"));
  }
  return causes;
}

// The feature CoordinatedLeaderElection is off by default.
void drop_disabled_fields(Json& lease) {
  if (lease.contains("spec")) {
    lease["spec"].erase("strategy");
    lease["spec"].erase("preferredHolder");
  }
}

Causes validate_lease(const Json& lease) {
  Causes causes = metadata_faults(lease);
  append(causes, spec_faults(lease));
  return causes;
}

Causes validate_lease_update(const Json& now, const Json& before) {
  Causes causes = metadata_update_faults(now, before);
  append(causes, spec_faults(now));
  return causes;
}

}  // namespace

const Resource& leases() {
  static const Resource resource{.group = "coordination.k8s.io",
                                 .version = "v1",
                                 .plural = "leases",
                                 .kind = "Lease",
                                 .list_kind = "LeaseList",
                                 .unconditional_update = false,
                                 .schema = lease_schema,
                                 .prepare_create = drop_disabled_fields,
                                 .validate = validate_lease,
                                 .validate_update = validate_lease_update};
  return resource;
}

}  // namespace sim
