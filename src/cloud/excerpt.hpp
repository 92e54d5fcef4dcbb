// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

// Those parts of replies that a bug report may contain, as lines of JSON. What is not known to be
// harmless is left out, so that a reply of tomorrow cannot bring a secret along. A reply that is
// not JSON gives no lines.
namespace cloud {

// Of the metadata of a droplet. Every other member shows by its name and "hidden".
std::vector<std::string> excerpt_metadata(std::string_view body);

// Of a Node: the labels and annotations that are ours or of `keys`, the taints, and what it runs.
std::vector<std::string> excerpt_node(std::string_view body, const std::set<std::string>& keys);

// Of kube-system/cilium-config: what decides through which address pods leave.
std::vector<std::string> excerpt_cilium(std::string_view body);

}  // namespace cloud
