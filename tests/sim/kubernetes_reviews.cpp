// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

// SelfSubjectAccessReview: pkg/registry/authorization/selfsubjectaccessreview and
// pkg/apis/authorization/validation. It is answered but not stored, and without a reason.
namespace sim {
namespace {

const Json& review_schema() {
  static const Json result = {
      {"kind", "string"},
      {"apiVersion", "string"},
      {"metadata", metadata_schema()},
      {"spec",
       {{"resourceAttributes",
         {{"namespace", "string"},
          {"verb", "string"},
          {"group", "string"},
          {"version", "string"},
          {"resource", "string"},
          {"subresource", "string"},
          {"name", "string"},
          {"fieldSelector", "any"},
          {"labelSelector", "any"}}},
        {"nonResourceAttributes", {{"path", "string"}, {"verb", "string"}}}}},
      {"status", "any"}};
  return result;
}

Causes validate_review(const Json& review) {
  const Json spec = review.value("spec", Json::object());
  const bool resource = spec.contains("resourceAttributes");
  const bool other = spec.contains("nonResourceAttributes");
  Causes causes;
  if (resource && other) {
    causes.push_back(invalid_value("spec.nonResourceAttributes", spec.at("nonResourceAttributes"),
                                   "cannot be specified in combination with resourceAttributes"));
  }
  if (!resource && !other) {
    causes.push_back(invalid_value(
        "spec.resourceAttributes", nullptr,
        "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
  }
  const Json metadata = review.value("metadata", Json::object());
  if (!metadata.empty()) {
    causes.push_back(invalid_value("metadata", metadata, "must be empty"));
  }
  return causes;
}

const Resource& reviews() {
  static const Resource resource{.group = "authorization.k8s.io",
                                 .version = "v1",
                                 .plural = "selfsubjectaccessreviews",
                                 .kind = "SelfSubjectAccessReview",
                                 .namespaced = false,
                                 .schema = review_schema,
                                 .validate = validate_review};
  return resource;
}

Attributes attributes_in(const Json& spec) {
  if (spec.contains("nonResourceAttributes")) {
    const Json& asked = spec.at("nonResourceAttributes");
    const std::string path = asked.value("path", "/");
    return {.verb = asked.value("verb", ""), .name = path.substr(path.starts_with('/') ? 1 : 0)};
  }
  const Json& asked = spec.at("resourceAttributes");
  const auto text = [&](const char* key) { return asked.value(key, std::string{}); };
  return {.verb = text("verb"),
          .group = text("group"),
          .version = text("version"),
          .name_space = text("namespace"),
          .resource = text("resource"),
          .subresource = text("subresource"),
          .name = text("name"),
          .is_resource = true};
}

}  // namespace

bool asks_for_review(const Attributes& asked) {
  return asked.is_resource && asked.group == reviews().group &&
         asked.resource == reviews().plural && asked.subresource.empty() &&
         asked.verb == "create" && asked.name_space.empty() && asked.name.empty();
}

Reply review(const Cluster& cluster, const User& user, const Call& call) {
  try {
    const Decoded body = body_of(reviews(), call);
    const Causes causes = validate_review(body.object);
    if (!causes.empty()) {
      return invalid(reviews(), "", causes);
    }
    Json answer = body.object;
    answer["metadata"] = Json::object();
    answer["status"] = {{"allowed", may(cluster, user, attributes_in(answer.at("spec")))}};
    Reply reply{.status = 201, .body = answer};
    warn(reply, body.unknown);
    return reply;
  } catch (const Refused& refused) {
    return refused.reply;
  }
}

}  // namespace sim
