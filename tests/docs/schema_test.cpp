// SPDX-License-Identifier: Apache-2.0
// The program accepts what the chart's schema accepts, and the schema refuses what the program
// refuses.
#include "app/cli/cli.hpp"
#include "app/report/report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <regex>
#include <set>

namespace {

using Json = nlohmann::json;

struct Example {
  std::string property;  // of the schema: a JSON pointer
  std::string option;
  std::vector<std::string> good;
  std::vector<std::string> wrong;
};

const std::vector<Example> examples = {
    {"/properties/matchString",
     "match-string",
     {"egress", "-egress-", ".web.", "web.egress-", "8b870", "a", "-", ".", "a.b.c", "a--b"},
     {"egress-*", "^egress", "egress web", "egress,web", "Egress", "egress_web", "egress..web",
      "egress-.web", "egress.-web", "e/g", "\xc3\xa9"}},
    {"/properties/verifyUrls/items",
     "verify-url",
     {"https://api.ipify.org?format=json", "http://192.0.2.1:8080/ip/", "https://a.test",
      "https://a.test/", "https://a.test:65535", "https://a.test:443/?x=1,2#y", "http://a.test#x",
      "https://a.test/x@y"},
     {"a.test", "ftp://a.test", "https://", "https://user@a.test", "https://u:p@a.test/",
      "https://a.test:65536", "https://a.test:99999/", "https://a b", "https://a.test/a b",
      "https:///ip", "https://a.test,b.test", "https://?x", "https://[::1", "https://a.test:x"}},
    {"/properties/destinations/items",
     "destination",
     {"198.18.0.0/24", "198.18.0.1", "198.18.0.1/32", "198.0.0.0/8", "169.1.0.0/16", "126.0.0.0/8",
      "223.255.255.255", "169.0.0.0/9", "169.128.0.0/10", "169.192.0.0/11", "169.224.0.0/12",
      "169.240.0.0/13", "169.248.0.0/14", "169.252.0.0/15", "169.255.0.0/16", "169.0.0.0/15"},
     {"partner.example.com",
      "0.0.0.0/0",
      "0.0.0.0/1",
      "128.0.0.0/7",
      "2001:db8::/32",
      "198.18.0.0/33",
      "198.18.0/24",
      "127.0.0.1",
      "169.254.169.254",
      "169.0.0.0/8",
      "169.128.0.0/9",
      "169.192.0.0/10",
      "169.224.0.0/11",
      "169.240.0.0/12",
      "169.248.0.0/13",
      "169.252.0.0/14",
      "169.254.0.0/15",
      "169.254.0.0/16",
      "224.0.0.0/24",
      "255.255.255.255",
      "0.0.0.0",
      ""}},
    {"/properties/gateTaint",
     "gate-taint",
     {"egress:NoSchedule", "a/b=c:NoExecute", "example.com/egress=:PreferNoSchedule"},
     {"egress", "egress:Never", "a b:NoSchedule", ":NoSchedule", "a:NoSchedule:NoExecute"}},
    {"/definitions/labelKey",
     "enabled-label",
     {"egress", "example.com/egress", "A_b.c"},
     {"-x", "x-", "a b", "/x", "x/", "a/b/c", "a$/b"}},
    {"/definitions/ipv4",
     "floating-ips",
     {"198.51.100.7", "0.0.0.0", "255.255.255.255"},
     {"198.51.100.256", "198.51.100", "2001:db8::1", "198.51.100.07", "198.51.100.7/32"}},
};

// Every field of a document, those of lists and objects within as well.
void add_fields(std::set<std::string>& names, const Json& value) {
  if (!value.is_structured()) {  // items() of a primitive yields the primitive
    return;
  }
  for (const auto& [key, field] : value.items()) {
    if (value.is_object()) {
      names.insert(key);
    }
    add_fields(names, field);
  }
}

std::string section_of(const std::string& path, const std::string& begin, const std::string& end) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto at = text.find(begin);
  return text.substr(at, text.find(end) - at);
}

bool is_taken_by_chart(const Json& schema, const std::string& value) {
  // Go's expressions are of UTF-8, and these know nothing that is not in ECMAScript as well.
  return std::regex_search(value, std::regex(schema.at("pattern").get<std::string>()));
}

// Uses the environment of a pod of the chart.
bool is_taken_by_program(const std::string& option, const std::string& value) {
  const std::map<std::string, std::string> variables = {
      {"KUBERNETES_SERVICE_HOST", "10.245.0.1"}, {"DO_EGRESS_IP_KUBE_TOKEN_FILE", SCHEMA_PATH}};
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<std::string> arguments = {"reconcile", "--config=", "--" + option, value};
  if (option != "match-string") {
    arguments.insert(arguments.end(), {"--match-string", "egress"});
  }
  if (option != "floating-ips") {
    arguments.insert(arguments.end(), {"--floating-ips", "198.51.100.7"});
  }
  return std::holds_alternative<app::Invocation>(app::parse_command_line(arguments, environment));
}

}  // namespace

TEST_CASE("chart: the schema and the program take the same values") {
  std::ifstream file(SCHEMA_PATH);
  const Json schema = Json::parse(file);
  for (const Example& example : examples) {
    const Json& property = schema.at(Json::json_pointer(example.property));
    for (const std::string& value : example.good) {
      CAPTURE(value);
      CHECK(is_taken_by_chart(property, value));
      CHECK(is_taken_by_program(example.option, value));
    }
    for (const std::string& value : example.wrong) {
      CAPTURE(value);
      CHECK_FALSE(is_taken_by_chart(property, value));
      CHECK_FALSE(is_taken_by_program(example.option, value));
    }
  }
}

TEST_CASE("man page: RESULT has every field of the JSON documents") {
  app::Outcome outcome{.ending = {.exit = core::Exit::usage}, .droplet = core::Droplet{}};
  outcome.steps.push_back({.step = {core::RemoveMarking{}, "reason"}});
  outcome.network.routes.push_back({});
  outcome.network.destinations.push_back({});
  outcome.gate = app::GateState{};
  outcome.lease = app::LeaseState{};
  app::PoolTable table;
  table.entries.push_back({.droplet = 1});
  std::set<std::string> fields;
  add_fields(fields, Json::parse(app::render_json(outcome)));
  add_fields(fields, Json::parse(app::render_json(table)));
  CHECK(fields.size() > 30);
  const std::string text = section_of(MANUAL_PATH, ".Sh RESULT", ".Sh EXIT STATUS");
  for (const std::string& field : fields) {
    CAPTURE(field);
    CHECK(std::regex_search(text, std::regex("\\b" + field + "\\b")));
  }
}
