// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

// The bodies of requests: objects, patches and options, their content types and unknown fields.
namespace sim {
namespace {

std::string media_type(const Call& call) {
  return call.content_type.substr(0, call.content_type.find(';'));
}

void require_json(const Call& call) {
  const std::string type = media_type(call);
  if (!type.empty() && type != "application/json") {
    throw Refused{unsupported_media_type(
        "application/json, application/yaml, application/vnd.kubernetes.protobuf")};
  }
}

bool is_strict(const Call& call) {
  const auto asked = call.query.find("fieldValidation");
  return asked != call.query.end() && asked->second == "Strict";
}

std::string strictly(const std::vector<std::string>& unknown) {
  return fmt::format("strict decoding error: unknown field \"{}\"",
                     fmt::join(unknown, "\", unknown field \""));
}

}  // namespace

void warn(Reply& reply, const std::vector<std::string>& unknown) {
  std::vector<std::string> warnings;
  for (const std::string& field : unknown) {
    warnings.push_back(fmt::format("299 - \"unknown field \\\"{}\\\"\"", field));
  }
  if (!warnings.empty()) {
    reply.headers["Warning"] = fmt::format("{}", fmt::join(warnings, ", "));
  }
}

Decoded body_of(const Resource& resource, const Call& call) {
  require_json(call);
  const auto refuse = [&](const std::string& why) {
    return Refused{status(400, "BadRequest",
                          fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                      resource.kind, resource.version, resource.kind, why))};
  };
  Json body = Json::parse(call.body, nullptr, false);
  if (!body.is_object()) {
    throw Refused{status(400, "BadRequest",
                         fmt::format("the object provided is unrecognized (must be of type {}): "
                                     "couldn't get version/kind; json parse error",
                                     resource.kind))};
  }
  try {
    Decoded decoded = decode(resource.schema(), body);
    const std::string version = decoded.object.value("apiVersion", resource.api_version());
    if (decoded.object.value("kind", resource.kind) != resource.kind ||
        version != resource.api_version()) {
      throw Refused{status(400, "BadRequest",
                           fmt::format("the API version in the data ({}) does not match the "
                                       "expected API version ({})",
                                       version, resource.api_version()))};
    }
    if (is_strict(call) && !decoded.unknown.empty()) {
      throw refuse(strictly(decoded.unknown));
    }
    decoded.object["kind"] = resource.kind;
    decoded.object["apiVersion"] = resource.api_version();
    return decoded;
  } catch (const Undecodable& fault) {
    throw refuse(fault.what());
  }
}

void require_patch_type(const Call& call) {
  static const std::set<std::string> known = {"application/json-patch+json",
                                              "application/merge-patch+json",
                                              "application/strategic-merge-patch+json"};
  if (!known.contains(media_type(call))) {
    throw Refused{status(415, "UnsupportedMediaType", "415: Unsupported Media Type")};
  }
}

Decoded patched(const Resource& resource, const Json& before, const Call& call) {
  const bool is_list = media_type(call) == "application/json-patch+json";
  const Json change = Json::parse(call.body, nullptr, false);
  if (is_list ? !change.is_array() : !change.is_object()) {
    throw Refused{status(400, "BadRequest", "error decoding patch: json: cannot unmarshal")};
  }
  Json wanted = before;
  try {
    if (is_list) {
      wanted = wanted.patch(change);
    } else {
      wanted.merge_patch(change);
    }
    Decoded decoded = decode(resource.schema(), wanted);
    if (is_strict(call) && !decoded.unknown.empty()) {
      throw Undecodable(strictly(decoded.unknown));
    }
    return decoded;
  } catch (const Undecodable& fault) {
    throw Refused{status(422, "Invalid",
                         fmt::format(" \"\" is invalid: patch: Invalid value: {}: {}",
                                     Json(wanted.dump()).dump(), fault.what()))};
  } catch (const Json::exception& fault) {
    throw Refused{
        status(422, "Invalid", "the server rejected our request due to an error in our request")};
  }
}

Json delete_options(const Call& call) {
  if (call.body.empty()) {
    return Json::object();
  }
  require_json(call);
  static const Json schema = {
      {"kind", "string"},
      {"apiVersion", "string"},
      {"gracePeriodSeconds", "int64"},
      {"propagationPolicy", "string"},
      {"orphanDependents", "bool"},
      {"dryRun", Json::array({"string"})},
      {"preconditions", {{"uid", "string"}, {"resourceVersion", "string"}}}};
  try {
    Json options = decode(schema, Json::parse(call.body)).object;
    if (options.value("kind", "DeleteOptions") != "DeleteOptions") {
      throw Undecodable("no kind \"" + options.value("kind", "") + "\" is registered");
    }
    return options;
  } catch (const std::exception& fault) {
    throw Refused{status(400, "BadRequest", fault.what())};
  }
}

}  // namespace sim
