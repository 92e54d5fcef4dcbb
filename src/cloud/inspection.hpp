// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/cilium.hpp"
#include "cloud/kubernetes.hpp"
#include "core/doctor/doctor.hpp"
#include "core/rights.hpp"

#include <optional>
#include <string>
#include <vector>

// The calls of `doctor`, and the reviews before a claim. Each throws like the calls of Kubernetes.
namespace cloud {

// Whether the caller has the right, by a SelfSubjectAccessReview: a POST that creates nothing.
io::Request review_request(Kubernetes& kubernetes, const core::Right& right);
bool decode_review(const io::Response& response);
bool has_right(Kubernetes& kubernetes, const core::Right& right);

// The names of all Nodes.
std::vector<std::string> list_nodes(Kubernetes& kubernetes);

}  // namespace cloud
