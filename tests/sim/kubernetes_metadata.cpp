// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

// Validation of metadata: k8s.io/apimachinery/pkg/util/validation and pkg/api/validation.
namespace sim {
namespace {

constexpr std::size_t longest_name = 63;
constexpr std::size_t longest_subdomain = 253;

const std::string name_format = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const std::string subdomain_format =
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const std::string characters =
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character";

std::vector<std::string> subdomain_faults(const std::string& text) {
  static const std::regex shape(subdomain_format);
  std::vector<std::string> faults;
  if (text.size() > longest_subdomain) {
    faults.push_back("must be no more than 253 characters");
  }
  if (!std::regex_match(text, shape)) {
    faults.push_back(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
        "used for validation is '" +
        subdomain_format + "')");
  }
  return faults;
}

Causes owner_faults(const Json& owner) {
  const std::string field = "metadata.ownerReferences";
  const auto text = [&](const char* key) { return owner.value(key, std::string{}); };
  const std::string version = text("apiVersion");
  Causes causes;
  if (version.empty() || version.back() == '/' || std::ranges::count(version, '/') > 1) {
    causes.push_back(invalid_value(field + ".apiVersion", version, "version must not be empty"));
  }
  for (const char* key : {"kind", "name", "uid"}) {
    if (text(key).empty()) {
      causes.push_back(invalid_value(field + "." + key, "", "must not be empty"));
    }
  }
  return causes;
}

// Checks at creation and at every change.
Causes content_faults(const Json& metadata) {
  Causes causes;
  const Json labels = metadata.value("labels", Json::object());
  for (const auto& [key, value] : labels.items()) {
    for (const std::string& fault : qualified_name_faults(key)) {
      causes.push_back(invalid_value("metadata.labels", key, fault));
    }
    for (const std::string& fault : label_value_faults(value)) {
      causes.push_back(invalid_value("metadata.labels", value, fault));
    }
  }
  for (const Json& owner : metadata.value("ownerReferences", Json::array())) {
    append(causes, owner_faults(owner));
  }
  return causes;
}

}  // namespace

bool is_subdomain(const std::string& text) {
  return subdomain_faults(text).empty();
}

std::vector<std::string> qualified_name_faults(const std::string& text) {
  static const std::regex shape(name_format);
  const std::string rule = fmt::format(
      "must {} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{}')",
      characters, name_format);
  if (std::ranges::count(text, '/') > 1) {
    return {
        fmt::format("a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. "
                    "'example.com/MyName')",
                    rule)};
  }
  std::vector<std::string> faults;
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    const std::string prefix = text.substr(0, slash);
    auto found =
        prefix.empty() ? std::vector<std::string>{"must be non-empty"} : subdomain_faults(prefix);
    for (const std::string& fault : found) {
      faults.push_back("prefix part " + fault);
    }
  }
  const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
  if (name.empty()) {
    faults.emplace_back("name part must be non-empty");
  } else if (name.size() > longest_name) {
    faults.emplace_back("name part must be no more than 63 characters");
  }
  if (!std::regex_match(name, shape)) {
    faults.push_back("name part " + rule);
  }
  return faults;
}

std::vector<std::string> label_value_faults(const std::string& text) {
  static const std::regex shape("(" + name_format + ")?");
  std::vector<std::string> faults;
  if (text.size() > longest_name) {
    faults.emplace_back("must be no more than 63 characters");
  }
  if (!std::regex_match(text, shape)) {
    faults.push_back(fmt::format(
        "a valid label must be an empty string or {} (e.g. 'MyValue',  or 'my_value',  or "
        "'12345', regex used for validation is '({})?')",
        characters, name_format));
  }
  return faults;
}

Causes metadata_faults(const Json& object) {
  const Json& metadata = object.at("metadata");
  const std::string name = metadata.value("name", "");
  Causes causes;
  if (name.empty()) {
    causes.push_back(required_value("metadata.name", "name or generateName is required"));
  } else {
    for (const std::string& fault : subdomain_faults(name)) {
      causes.push_back(invalid_value("metadata.name", name, fault));
    }
  }
  append(causes, content_faults(metadata));
  return causes;
}

Causes metadata_update_faults(const Json& now, const Json& before) {
  Causes causes = content_faults(now.at("metadata"));
  const std::string uid = now.at("metadata").value("uid", "");
  if (before.at("metadata").at("uid") != uid) {
    causes.push_back(invalid_value("metadata.uid", uid, "field is immutable"));
  }
  return causes;
}

}  // namespace sim
