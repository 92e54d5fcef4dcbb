// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iomanip>
#include <limits>
#include <regex>
#include <sstream>

// Decodes objects as Go does. A schema is JSON: an object lists its fields, a list its elements,
// and a word names a type.
namespace sim {
namespace {

[[noreturn]] void refuse(const std::string& path, const Json& value, const std::string& type) {
  throw Undecodable(fmt::format("json: cannot unmarshal {} into Go struct field {} of type {}",
                                value.type_name(), path, type));
}

// The time in UTC. time.Parse of RFC3339Micro requires exactly six digits.
Json decode_time(const std::string& path, const Json& value, bool micro) {
  static const std::string date =
      "([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T"
      "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])";
  static const std::string zone = "(?:Z|([+-])([0-9]{2}):([0-9]{2}))";
  static const std::regex micro_shape(date + "(\\.[0-9]{6})" + zone);
  static const std::regex shape(date + "(\\.[0-9]+)?" + zone);
  if (!value.is_string()) {
    refuse(path, value, "string");
  }
  const auto text = value.get<std::string>();
  std::smatch part;
  if (!std::regex_match(text, part, micro ? micro_shape : shape)) {
    throw Undecodable(
        fmt::format("parsing time {} as \"{}\": cannot parse", value.dump(),
                    micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00"));
  }
  std::tm local = {};
  std::istringstream(part[1]) >> std::get_time(&local, "%Y-%m-%dT%H:%M:%S");
  const int offset =
      part[3].matched ? (std::stoi(part[4]) * 60 + std::stoi(part[5])) * (part[3] == "+" ? 1 : -1)
                      : 0;
  const std::time_t utc = timegm(&local) - offset * 60;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}Z", fmt::gmtime(utc), micro ? part[2].str() : "");
}

template <class Number>
bool fits(const Json& value) {
  if (value.is_number_unsigned()) {
    return value.get<std::uint64_t>() <=
           static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
  }
  return value.is_number_integer() &&
         value.get<std::int64_t>() >= std::numeric_limits<Number>::min();
}

class Decoder {
 public:
  explicit Decoder(std::vector<std::string>& unknown) : unknown_(unknown) {}

  // Null if the field counts as not set.
  Json run(const Json& schema, const Json& value, const std::string& path) {
    if (value.is_null()) {
      return nullptr;
    }
    if (schema.is_object()) {
      return structure(schema, value, path);
    }
    if (schema.is_array()) {
      return sequence(schema[0], value, path);
    }
    const std::string type = schema.get<std::string>();
    if (type == "map") {
      return map(value, path);
    }
    if (type == "time" || type == "microtime") {
      return decode_time(path, value, type == "microtime");
    }
    scalar(type, value, path);
    return value;
  }

 private:
  Json structure(const Json& schema, const Json& value, const std::string& path) {
    if (!value.is_object()) {
      refuse(path, value, "struct");
    }
    Json result = Json::object();
    for (const auto& [key, field] : value.items()) {
      const std::string here = path.empty() ? key : path + "." + key;
      if (!schema.contains(key)) {
        unknown_.push_back(here);
        continue;
      }
      if (Json decoded = run(schema.at(key), field, here); !decoded.is_null()) {
        result[key] = std::move(decoded);
      }
    }
    return result;
  }

  Json sequence(const Json& schema, const Json& value, const std::string& path) {
    if (!value.is_array()) {
      refuse(path, value, "slice");
    }
    Json result = Json::array();
    for (std::size_t i = 0; i < value.size(); ++i) {
      result.push_back(run(schema, value[i], fmt::format("{}[{}]", path, i)));
    }
    return result.empty() ? Json(nullptr) : result;
  }

  static Json map(const Json& value, const std::string& path) {
    if (!value.is_object()) {
      refuse(path, value, "map[string]string");
    }
    Json result = Json::object();
    for (const auto& [key, field] : value.items()) {
      if (!field.is_string() && !field.is_null()) {
        refuse(path, field, "string");
      }
      result[key] = field.is_null() ? Json("") : field;
    }
    return result.empty() ? Json(nullptr) : result;
  }

  static void scalar(const std::string& type, const Json& value, const std::string& path) {
    const bool fine = type == "any" || (type == "string" && value.is_string()) ||
                      (type == "bool" && value.is_boolean()) ||
                      (type == "int32" && fits<std::int32_t>(value)) ||
                      (type == "int64" && fits<std::int64_t>(value));
    if (!fine) {
      refuse(path, value, type);
    }
  }

  std::vector<std::string>& unknown_;
};

}  // namespace

Decoded decode(const Json& schema, const Json& value) {
  Decoded result;
  result.object = Decoder(result.unknown).run(schema, value, "");
  return result;
}

const Json& metadata_schema() {
  static const Json schema = {{"name", "string"},
                              {"generateName", "string"},
                              {"namespace", "string"},
                              {"selfLink", "string"},
                              {"uid", "string"},
                              {"resourceVersion", "string"},
                              {"generation", "int64"},
                              {"creationTimestamp", "time"},
                              {"deletionTimestamp", "time"},
                              {"deletionGracePeriodSeconds", "int64"},
                              {"labels", "map"},
                              {"annotations", "map"},
                              {"finalizers", Json::array({"string"})},
                              {"managedFields", Json::array({"any"})},
                              {"ownerReferences", Json::array({{{"apiVersion", "string"},
                                                                {"kind", "string"},
                                                                {"name", "string"},
                                                                {"uid", "string"},
                                                                {"controller", "bool"},
                                                                {"blockOwnerDeletion", "bool"}}})}};
  return schema;
}

}  // namespace sim
