// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>

// Events of events.k8s.io/v1: pkg/apis/core/validation/events.go. Errors use the internal names:
// `message` is the API's note.
namespace sim {
namespace {

constexpr std::size_t longest_text = 128;
constexpr std::size_t longest_note = 1024;

const Json& event_schema() {
  static const Json reference = {{"kind", "string"},       {"namespace", "string"},
                                 {"name", "string"},       {"uid", "string"},
                                 {"apiVersion", "string"}, {"resourceVersion", "string"},
                                 {"fieldPath", "string"}};
  static const Json result = {{"kind", "string"},
                              {"apiVersion", "string"},
                              {"metadata", metadata_schema()},
                              {"eventTime", "microtime"},
                              {"series", {{"count", "int32"}, {"lastObservedTime", "microtime"}}},
                              {"reportingController", "string"},
                              {"reportingInstance", "string"},
                              {"action", "string"},
                              {"reason", "string"},
                              {"regarding", reference},
                              {"related", reference},
                              {"note", "string"},
                              {"type", "string"},
                              {"deprecatedSource", {{"component", "string"}, {"host", "string"}}},
                              {"deprecatedFirstTimestamp", "time"},
                              {"deprecatedLastTimestamp", "time"},
                              {"deprecatedCount", "int32"}};
  return result;
}

std::string text(const Json& object, const char* key) {
  return object.value(key, std::string{});
}

void limit(Causes& causes, const std::string& field, const std::string& value,
           std::size_t longest) {
  if (value.size() > longest) {
    causes.push_back(
        invalid_value(field, "", fmt::format("can have at most {} characters", longest)));
  }
}

void require(Causes& causes, const std::string& field, const std::string& value) {
  if (value.empty()) {
    causes.push_back(required_value(field));
  }
  limit(causes, field, value, longest_text);
}

// An Event without a time is of the old kind, which has few rules.
Causes reporter_faults(const Json& event) {
  Causes causes;
  const std::string controller = text(event, "reportingController");
  if (controller.empty()) {
    causes.push_back(required_value("reportingController"));
  }
  for (const std::string& fault : qualified_name_faults(controller)) {
    causes.push_back(invalid_value("reportingController", controller, fault));
  }
  require(causes, "reportingInstance", text(event, "reportingInstance"));
  require(causes, "action", text(event, "action"));
  require(causes, "reason", text(event, "reason"));
  limit(causes, "message", text(event, "note"), longest_note);
  return causes;
}

Causes place_faults(const Json& event, bool timed) {
  const std::string where = text(event.at("metadata"), "namespace");
  const std::string regarding = text(event.value("regarding", Json::object()), "namespace");
  const bool fine = regarding.empty() ? where == "default" || (timed && where == "kube-system")
                                      : timed || where == regarding;
  return fine ? Causes{}
              : Causes{invalid_value("involvedObject.namespace", regarding,
                                     "does not match event.namespace")};
}

bool is_set(const Json& event, const char* key) {
  const Json value = event.value(key, Json());
  return !value.is_null() && value != 0 && value != Json::object();
}

Causes deprecated_faults(const Json& event) {
  Causes causes;
  for (const auto& [key, field] :
       {std::pair{"deprecatedFirstTimestamp", "firstTimestamp"},
        std::pair{"deprecatedLastTimestamp", "lastTimestamp"},
        std::pair{"deprecatedCount", "count"}, std::pair{"deprecatedSource", "source"}}) {
    if (is_set(event, key)) {
      causes.push_back(invalid_value(field, "", "needs to be unset"));
    }
  }
  return causes;
}

Causes series_faults(const Json& event) {
  const Json series = event.value("series", Json());
  Causes causes;
  if (!series.is_null() && series.value("count", 0) < 2) {
    causes.push_back(invalid_value("series.count", "", "should be at least 2"));
  }
  if (!series.is_null() && !series.contains("lastObservedTime")) {
    causes.push_back(required_value("series.lastObservedTime"));
  }
  return causes;
}

Causes validate_event(const Json& event) {
  const bool timed = event.contains("eventTime");
  Causes causes = place_faults(event, timed);
  if (timed) {
    append(causes, reporter_faults(event));
  }
  append(causes, metadata_faults(event));
  append(causes, series_faults(event));
  if (!timed) {
    causes.push_back(required_value("eventTime"));
  }
  const std::string type = text(event, "type");
  if (type != "Normal" && type != "Warning") {
    causes.push_back(invalid_value("type", "", "has invalid value: " + type));
  }
  append(causes, deprecated_faults(event));
  return causes;
}

// Only an Event of a series may change later.
Causes validate_event_update(const Json& now, const Json& before) {
  Causes causes = metadata_update_faults(now, before);
  for (const char* key : {"reason", "note", "type", "action", "reportingController",
                          "reportingInstance", "eventTime"}) {
    if (text(now, key) != text(before, key)) {
      causes.push_back(invalid_value(key, text(now, key), "field is immutable"));
    }
  }
  append(causes, series_faults(now));
  return causes;
}

}  // namespace

const Resource& events() {
  static const Resource resource{.group = "events.k8s.io",
                                 .version = "v1",
                                 .plural = "events",
                                 .kind = "Event",
                                 .list_kind = "EventList",
                                 .schema = event_schema,
                                 .prepare_create = [](Json&) {},
                                 .validate = validate_event,
                                 .validate_update = validate_event_update};
  return resource;
}

}  // namespace sim
