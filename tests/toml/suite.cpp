// SPDX-License-Identifier: Apache-2.0
// Usage: toml_suite FOLDER
// Parses every file that FOLDER/files-toml-1.0.0 lists: what is invalid must be refused, what is
// valid must mean what the JSON file beside it says (github.com/toml-lang/toml-test).
#define TOML_HEADER_ONLY 1  // as in src/app/cli/sources.cpp
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expression) static_assert(true)  // 3.3 refuses "a. = 1" after an assert() of it
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

using Json = nlohmann::json;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_float(const toml::node& node, const std::string& wanted) {
  const double number = std::strtod(wanted.c_str(), nullptr);
  const auto* found = node.as_floating_point();
  return found != nullptr &&
         (found->get() == number || (std::isnan(number) && std::isnan(**found)));
}

// Whether a value is what {"type": …, "value": …} says. Its text is TOML, but for texts and floats.
bool is_value(const toml::node& node, const std::string& type, const std::string& wanted) {
  if (type == "string") {
    return node.is_string() && **node.as_string() == wanted;
  }
  if (type == "float") {
    return is_float(node, wanted);
  }
  const toml::parse_result parsed = toml::parse("x = " + wanted);
  if (!parsed) {
    return false;
  }
  const toml::node& value = *parsed.table().get("x");
  return (node.is_integer() && value.is_integer() && *node.as_integer() == *value.as_integer()) ||
         (node.is_boolean() && value.is_boolean() && *node.as_boolean() == *value.as_boolean()) ||
         (node.is_date() && value.is_date() && *node.as_date() == *value.as_date()) ||
         (node.is_time() && value.is_time() && *node.as_time() == *value.as_time()) ||
         (node.is_date_time() && value.is_date_time() &&
          *node.as_date_time() == *value.as_date_time());
}

bool is_same(const toml::node& node, const Json& wanted);

bool is_same(const toml::array& list, const Json& wanted) {
  bool same = wanted.is_array() && wanted.size() == list.size();
  for (std::size_t i = 0; same && i < list.size(); ++i) {
    same = is_same(*list.get(i), wanted.at(i));
  }
  return same;
}

bool is_same(const toml::table& table, const Json& wanted) {
  bool same = wanted.is_object() && wanted.size() == table.size();
  for (const auto& [key, node] : table) {
    const auto member = wanted.find(std::string(key.str()));
    same = same && member != wanted.end() && is_same(node, *member);
  }
  return same;
}

bool is_same(const toml::node& node, const Json& wanted) {
  if (node.is_table()) {
    return is_same(*node.as_table(), wanted);
  }
  if (node.is_array()) {
    return is_same(*node.as_array(), wanted);
  }
  return wanted.is_object() && wanted.contains("type") && wanted.at("type").is_string() &&
         is_value(node, wanted.at("type").get<std::string>(),
                  wanted.at("value").get<std::string>());
}

// What is wrong with how the file is understood; empty: nothing.
std::string judge(const std::string& path, bool valid) {
  const std::string text = read(path);
  const toml::parse_result result = toml::parse(std::string_view(text));
  if (!valid) {
    return result ? "accepted, and is invalid" : "";
  }
  if (!result) {
    return "refused, and is valid: " + std::string(result.error().description());
  }
  const std::string json = path.substr(0, path.rfind('.')) + ".json";
  return is_same(result.table(), Json::parse(read(json))) ? "" : "understood in another way";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  std::istringstream names(read(folder + "/files-toml-1.0.0"));
  int valid = 0;
  int invalid = 0;
  int failed = 0;
  for (std::string name; std::getline(names, name);) {
    if (!name.ends_with(".toml")) {
      continue;
    }
    ++(name.starts_with("valid/") ? valid : invalid);
    const std::string problem = judge(folder + "/" + name, name.starts_with("valid/"));
    if (!problem.empty()) {
      ++failed;
      std::cout << name << ": " << problem << '\n';
    }
  }
  std::cout << valid << " valid files, " << invalid << " invalid ones, " << failed << " failed\n";
  return failed == 0 && valid > 100 && invalid > 100 ? 0 : 1;
}
