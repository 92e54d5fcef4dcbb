// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

// Status objects, which explain refusals: k8s.io/apimachinery/pkg/api/errors.
namespace sim {
namespace {

Json details_of(const Resource& resource, const std::string& name) {
  Json details = {{"name", name}, {"kind", resource.plural}};
  if (!resource.group.empty()) {
    details["group"] = resource.group;
  }
  return details;
}

}  // namespace

Cause invalid_value(const std::string& field, const Json& value, const std::string& detail) {
  return {"FieldValueInvalid", field, fmt::format("Invalid value: {}: {}", value.dump(), detail)};
}

Cause required_value(const std::string& field, const std::string& detail) {
  return {"FieldValueRequired", field,
          detail.empty() ? "Required value" : "Required value: " + detail};
}

Cause forbidden_value(const std::string& field, const std::string& detail) {
  return {"FieldValueForbidden", field, "Forbidden: " + detail};
}

void append(Causes& causes, const Causes& more) {
  causes.insert(causes.end(), more.begin(), more.end());
}

Reply status(int code, const std::string& reason, const std::string& message, const Json& details) {
  Json body = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
               {"status", "Failure"}, {"message", message}, {"code", code}};
  if (!reason.empty()) {
    body["reason"] = reason;
  }
  if (!details.is_null()) {
    body["details"] = details;
  }
  return {.status = code, .body = body};
}

Reply not_found(const Resource& resource, const std::string& name) {
  return status(404, "NotFound", fmt::format("{} \"{}\" not found", resource.qualified(), name),
                details_of(resource, name));
}

Reply conflict(const Resource& resource, const std::string& name, const std::string& why) {
  return status(409, "Conflict",
                fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(),
                            name, why),
                details_of(resource, name));
}

Reply invalid(const Resource& resource, const std::string& name, const Causes& causes) {
  Json shown = Json::array();
  std::vector<std::string> messages;
  for (const Cause& cause : causes) {
    shown.push_back({{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
    const std::string message = cause.field + ": " + cause.message;
    if (std::ranges::find(messages, message) == messages.end()) {
      messages.push_back(message);
    }
  }
  const std::string all =
      messages.size() == 1 ? messages.front() : fmt::format("[{}]", fmt::join(messages, ", "));
  Json details = {{"name", name}, {"kind", resource.kind}, {"causes", shown}};
  if (!resource.group.empty()) {
    details["group"] = resource.group;
  }
  return status(422, "Invalid",
                fmt::format("{} \"{}\" is invalid: {}", resource.qualified_kind(), name, all),
                details);
}

Reply unsupported_media_type(const std::string& accepted) {
  return status(
      415, "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: " +
          accepted);
}

}  // namespace sim
