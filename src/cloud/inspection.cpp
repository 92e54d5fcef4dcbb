// SPDX-License-Identifier: Apache-2.0
#include "cloud/inspection.hpp"

#include "cloud/json.hpp"

namespace cloud {
namespace {

using nlohmann::json;

constexpr int page_size = 100;  // a Node with its images has about 30 kB
constexpr int most_pages = 100;

json make_review(const core::Right& right) {
  json attributes = {{"verb", right.verb}, {"group", right.group}, {"resource", right.resource}};
  if (!right.name_space.empty()) {
    attributes["namespace"] = right.name_space;
  }
  if (!right.name.empty()) {
    attributes["name"] = right.name;
  }
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SelfSubjectAccessReview"},
          {"spec", {{"resourceAttributes", attributes}}}};
}

// Adds the names of one page. Returns the token of the next page, empty after the last.
std::string add_page(const json& reply, std::vector<std::string>& names) {
  for (const json& node : reply.at("items")) {
    names.push_back(node.at("metadata").at("name").get<std::string>());
  }
  const json* next = find_member(reply, "metadata", "continue");
  return next == nullptr ? std::string{} : next->get<std::string>();
}

}  // namespace

io::Request review_request(Kubernetes& kubernetes, const core::Right& right) {
  return kubernetes.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                            make_review(right));
}

bool decode_review(const io::Response& response) {
  if (response.status != 201) {
    throw refusal_error(response);
  }
  return decode(response.body,
                [](const json& reply) { return reply.at("status").at("allowed").get<bool>(); });
}

bool has_right(Kubernetes& kubernetes, const core::Right& right) {
  return decode_review(kubernetes.send(review_request(kubernetes, right)));
}

std::vector<std::string> list_nodes(Kubernetes& kubernetes) {
  std::vector<std::string> names;
  std::string next;
  for (int page = 0; page < most_pages && (page == 0 || !next.empty()); ++page) {
    const auto response =
        kubernetes.send("GET", fmt::format("/api/v1/nodes?limit={}{}{}", page_size,
                                           next.empty() ? "" : "&continue=", next));
    if (response.status != 200) {
      throw refusal_error(response);
    }
    next = decode(response.body, [&](const json& reply) { return add_page(reply, names); });
  }
  return names;
}

}  // namespace cloud
