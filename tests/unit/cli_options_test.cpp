// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"
#include "unit/command_line.hpp"
#include "unit/temporary_folder.hpp"

#include <algorithm>
#include <functional>

using app::Invocation;
using unit::CommandLine;

// Every option has its effect from every source.

namespace {

struct Example {
  std::string option;
  std::string value;  // "FILE": the path of a readable file
  std::function<bool(const Invocation&)> holds;
};

using core::Match;

const std::vector<Example> examples = {
    {"match-string", "web",
     [](const auto& i) {
       return i.match.pattern == "web" && i.match.kind == Match::Kind::substring;
     }},
    {"match-regex", "web-[0-9]+",
     [](const auto& i) {
       return i.match.pattern == "web-[0-9]+" && i.match.kind == Match::Kind::regex;
     }},
    {"floating-ips", "198.51.100.8,198.51.100.9",
     [](const auto& i) {
       return i.config.pool == std::vector{support::first_choice, support::second_choice};
     }},
    {"floating-ips-file", "FILE",
     [](const auto& i) { return i.config.pool == std::vector{support::first_choice}; }},
    {"allow-foreign-ip", "",
     [](const auto& i) { return i.config.foreign == core::Foreign::allow; }},
    {"node-name", "pool-web-8b870",
     [](const auto& i) { return i.config.node_name == "pool-web-8b870"; }},
    {"token-file", "FILE",
     [](const auto& i) { return i.digitalocean.token().value == "198.51.100.8"; }},
    {"api-url", "https://api.test/",
     [](const auto& i) { return i.digitalocean.url == "https://api.test"; }},
    {"ca-file", "FILE", [](const auto& i) { return i.digitalocean.ca_file.ends_with("/file"); }},
    {"metadata-url", "http://127.0.0.1:8080/",
     [](const auto& i) { return i.metadata_url == "http://127.0.0.1:8080"; }},
    {"kubernetes", "off", [](const auto& i) { return !i.kubernetes; }},
    {"kube-api-url", "https://kubernetes.test:6443",
     [](const auto& i) { return i.kubernetes->url == "https://kubernetes.test:6443"; }},
    {"kube-token-file", "FILE",
     [](const auto& i) { return i.kubernetes->token().value == "198.51.100.8"; }},
    {"kube-ca-file", "FILE",
     [](const auto& i) { return i.kubernetes->ca_file.ends_with("/file"); }},
    {"namespace", "egress", [](const auto& i) { return i.name_space == "egress"; }},
    {"lock", "lease", [](const auto& i) { return i.config.lock == core::Lock::lease; }},
    {"gate-taint", "example.com/egress=off:NoExecute",
     [](const auto& i) {
       return i.config.gate_taint == core::Taint{"example.com/egress", "off", "NoExecute", ""};
     }},
    {"verify-url", "https://a.test/,https://b.test/ip",
     [](const auto& i) {
       return i.config.verify_urls ==
              std::vector<std::string>{"https://a.test/", "https://b.test/ip"};
     }},
    {"expect", "198.51.100.8",
     [](const auto& i) { return i.config.expected == support::first_choice; }},
    {"gate-by", "pods", [](const auto& i) { return i.config.gate_by == core::GateBy::pods; }},
    {"pod-label", "example.com/pods",
     [](const auto& i) { return i.config.pod_label == "example.com/pods"; }},
    {"only-matching", "", [](const auto& i) { return i.match.pattern == "egress"; }},
    {"keep-ip", "", [](const auto& i) { return i.config.keep_ip; }},
    {"local", "", [](const auto& i) { return i.reach == app::Reach::local && !i.kubernetes; }},
    {"route", "none", [](const auto& i) { return i.config.route == core::RouteMode::none; }},
    {"destination", "198.18.0.1,192.0.2.0/24",
     [](const auto& i) {
       return i.config.destinations ==
              std::vector{support::prefix("192.0.2.0/24"), support::prefix("198.18.0.1")};
     }},
    {"destinations-file", "FILE",
     [](const auto& i) {
       return i.config.destinations == std::vector{support::prefix("198.51.100.8")};
     }},
    {"pods", "off", [](const auto& i) { return i.config.pods == core::PodMode::off; }},
    {"direct", "192.0.2.0/24,198.18.0.1",
     [](const auto& i) {
       return i.config.direct ==
              std::vector{support::prefix("192.0.2.0/24"), support::prefix("198.18.0.1")};
     }},
    {"enabled-label", "example.com/egress",
     [](const auto& i) { return i.config.enabled_label == "example.com/egress"; }},
    {"address-label", "egress_IP.v4",
     [](const auto& i) { return i.config.address_label == "egress_IP.v4"; }},
    {"dry-run", "", [](const auto& i) { return i.writes == app::Writes::none; }},
    {"timeout", "1m30s", [](const auto& i) { return i.timeout == std::chrono::seconds{90}; }},
    {"output", "json", [](const auto& i) { return i.output == app::Output::json; }},
    {"log-format", "json", [](const auto& i) { return i.log_format == io::LogFormat::json; }},
    {"verbose", "", [](const auto& i) { return i.log_level == io::Level::debug; }},
    {"quiet", "", [](const auto& i) { return i.log_level == io::Level::hint; }},
    {"detailed-exitcode", "", [](const auto& i) { return i.detailed_exitcode; }},
    {"ok-codes", "10,75",
     [](const auto& i) {
       return i.ok_codes == std::set{core::Exit::pool_exhausted, core::Exit::try_again};
     }},
    {"termination-log", "/dev/null",
     [](const auto& i) { return i.termination_log == "/dev/null"; }},
    {"metrics-file", "/var/lib/node_exporter/egress.prom",
     [](const auto& i) { return i.metrics_file == "/var/lib/node_exporter/egress.prom"; }},
    {"bundle", "bundle.txt", [](const auto& i) { return i.bundle == "bundle.txt"; }},
};

// The environment in which `example` is valid: a pod's, without what contradicts it.
CommandLine surroundings(const Example& example, const unit::TemporaryFolder& folder) {
  CommandLine line;
  if (example.option.starts_with("match")) {
    line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  }
  if (example.option.starts_with("floating-ips")) {
    line.variables.erase("DO_EGRESS_IP_FLOATING_IPS");
  }
  if (example.option == "expect") {
    line.variables["DO_EGRESS_IP_VERIFY_URL"] = "https://a.test/";
  }
  line.variables["KUBERNETES_SERVICE_HOST"] = "10.245.0.1";
  line.variables["DO_EGRESS_IP_KUBE_TOKEN_FILE"] = folder.write("token", "service-account\n");
  return line;
}

std::string value_of(const Example& example, const unit::TemporaryFolder& folder) {
  return example.value == "FILE" ? folder.write("file", "198.51.100.8\n") : example.value;
}

// A command that takes the option: the default one if it does.
std::string command_for(const Example& example) {
  const auto& option = *std::ranges::find(app::options(), example.option, &app::Option::name);
  const auto taking = std::ranges::find_if(app::commands(), [&](const app::CommandFacts& facts) {
    return (option.commands & app::in(facts.command)) != 0;
  });
  return std::string(taking->name);
}

bool is_switch(const Example& example) {
  return example.value.empty();
}

}  // namespace

TEST_CASE("cli: option table, every option has an example in this test") {
  CHECK(examples.size() ==
        std::ranges::count_if(app::options(), [](const auto& option) { return option.set; }));
  for (const app::Option& option : app::options()) {
    CAPTURE(std::string(option.name));
    CHECK_FALSE(option.help.empty());
    if (option.set != nullptr) {
      CHECK(std::ranges::find(examples, option.name, &Example::option) != examples.end());
      CHECK_FALSE(option.environment.empty());
    }
  }
}

TEST_CASE("cli: every option, can be set by its flag") {
  const unit::TemporaryFolder folder;
  for (const Example& example : examples) {
    CAPTURE(example.option);
    CommandLine line = surroundings(example, folder);
    line.arguments = {command_for(example), "--" + example.option};
    if (!is_switch(example)) {
      line.arguments.push_back(value_of(example, folder));
    }
    CHECK(example.holds(line.invocation()));
    if (!is_switch(example)) {
      line.arguments = {command_for(example),
                        "--" + example.option + "=" + value_of(example, folder)};
      CHECK(example.holds(line.invocation()));
    }
  }
}

TEST_CASE("cli: every option, can be set by each of its variables") {
  const unit::TemporaryFolder folder;
  for (const Example& example : examples) {
    const auto& option = *std::ranges::find(app::options(), example.option, &app::Option::name);
    for (const std::string& variable : option.environment) {
      CAPTURE(variable);
      CommandLine line = surroundings(example, folder);
      line.variables[variable] = is_switch(example) ? "true" : value_of(example, folder);
      line.arguments = {command_for(example)};
      CHECK(example.holds(line.invocation()));
    }
  }
}

TEST_CASE("cli: every option, can be set in the configuration file") {
  const unit::TemporaryFolder folder;
  for (const Example& example : examples) {
    CAPTURE(example.option);
    CommandLine line = surroundings(example, folder);
    if (example.option == "kube-token-file") {
      line.variables.erase("DO_EGRESS_IP_KUBE_TOKEN_FILE");
    }
    const std::string value = is_switch(example) ? "true" : "\"" + value_of(example, folder) + "\"";
    line.arguments = {command_for(example), "--config",
                      folder.write("config.toml", example.option + " = " + value + "\n")};
    CHECK(example.holds(line.invocation()));
  }
}

TEST_CASE("cli: switch, can be turned off by its variable or in the file") {
  const unit::TemporaryFolder folder;
  for (const std::string value : {"false", "0", "no", "off", "FALSE", "Off"}) {
    CommandLine line{.variables = {{"DO_EGRESS_IP_DRY_RUN", value}}};
    line.variables.merge(CommandLine{}.variables);
    CHECK(line.invocation().writes == app::Writes::apply);
  }
  for (const std::string value : {"true", "1", "yes", "on", "TRUE", "On"}) {
    CommandLine line{.variables = {{"DO_EGRESS_IP_DRY_RUN", value}}};
    line.variables.merge(CommandLine{}.variables);
    CHECK(line.invocation().writes == app::Writes::none);
  }
}

TEST_CASE("cli: short letters, set their options") {
  CommandLine line{.arguments = {"-n", "-v", "-o", "json"}};
  CHECK(line.invocation().writes == app::Writes::none);
  CHECK(line.invocation().log_level == io::Level::debug);
  CHECK(line.invocation().output == app::Output::json);
  line.arguments = {"-q"};
  CHECK(line.invocation().log_level == io::Level::hint);
}

TEST_CASE("cli: repeatable option, adds up its values") {
  CommandLine line{.arguments = {"--direct", "192.0.2.0/24", "--direct", "198.18.0.1,192.0.2.0/24",
                                 "--ok-codes", "10", "--ok-codes", "11 75"}};
  CHECK(line.invocation().config.direct ==
        std::vector{support::prefix("192.0.2.0/24"), support::prefix("198.18.0.1")});
  CHECK(line.invocation().ok_codes.size() == 3);
  line.variables.erase("DO_EGRESS_IP_FLOATING_IPS");
  line.arguments = {"--floating-ips", "198.51.100.8", "--floating-ips",
                    "198.51.100.9 198.51.100.8"};
  CHECK(line.invocation().config.pool ==
        std::vector{support::first_choice, support::second_choice});
}

TEST_CASE("cli: verify URL, is kept unchanged") {
  using Urls = std::vector<std::string>;
  CommandLine line;
  const auto urls = [&] { return line.invocation().config.verify_urls; };
  line.arguments = {"--verify-url", "https://api.ipify.org?format=json", "--verify-url",
                    "http://192.0.2.1:8080/ip/,https://a.test/?x=1,2"};
  CHECK(urls() == Urls{"https://api.ipify.org?format=json", "http://192.0.2.1:8080/ip/",
                       "https://a.test/?x=1,2"});
  line.arguments = {"--verify-url", " https://a.test/,  https://b.test#c , http://d.test"};
  CHECK(urls() == Urls{"https://a.test/", "https://b.test#c", "http://d.test"});
}

TEST_CASE("cli: URL with an API path, is refused with the correct URL") {
  CommandLine line;
  line.arguments = {"--api-url", "https://proxy.test/do/v2/"};
  CHECK(line.failure().exit() == core::Exit::config);
  CHECK(line.failure().hint() == "give it without /v2: https://proxy.test/do");
  line.arguments = {"--api-url", "https://v2/do//"};
  CHECK(line.invocation().digitalocean.url == "https://v2/do");
}

TEST_CASE("cli: omitted option, has its default") {
  const Invocation invocation = CommandLine{}.invocation();
  CHECK(invocation.metadata_url == "http://169.254.169.254");
  CHECK(invocation.digitalocean.url == "https://api.digitalocean.com");
  CHECK(invocation.digitalocean.ca_file.empty());
  CHECK_FALSE(invocation.kubernetes.has_value());
  CHECK(invocation.writes == app::Writes::apply);
  CHECK(invocation.timeout == std::chrono::minutes{2});
  CHECK(invocation.output == app::Output::text);
  CHECK(invocation.log_level == io::Level::info);
  CHECK_FALSE(invocation.detailed_exitcode);
  CHECK(invocation.ok_codes.empty());
  CHECK(invocation.termination_log.empty());
  CHECK(invocation.metrics_file.empty());
  CHECK_FALSE(invocation.config.node_name.empty());
  CHECK(invocation.config.route == core::RouteMode::set_default);
  CHECK(invocation.config.foreign == core::Foreign::refuse);
  CHECK(invocation.config.direct.empty());
  CHECK(invocation.config.enabled_label == "do-outbound-floating-ip-enabled");
  CHECK(invocation.config.address_label == "do-outbound-floating-ip");
}

TEST_CASE("cli: another command's option, is refused as a flag and ignored elsewhere") {
  for (const app::CommandFacts& command : app::commands()) {
    for (const app::Option& option : app::options()) {
      CAPTURE(std::string(command.name) + " --" + std::string(option.name));
      CommandLine line;
      line.arguments = {std::string(command.name), "--" + std::string(option.name)};
      line.variables["DO_EGRESS_IP_VERIFY_URL"] = "https://a.test/";
      line.variables["DO_EGRESS_IP_EXPECT"] = "198.51.100.7";
      const bool taken = (option.commands & app::in(command.command)) != 0;
      if (option.value.empty() && !taken) {
        const auto failure = line.failure();
        CHECK(failure.exit() == core::Exit::usage);
        CHECK(std::string(failure.what()) ==
              fmt::format("cannot use --{}: it is not an option of {}", option.name, command.name));
        line.arguments.pop_back();
        line.variables[option.environment[0]] = "true";
        CHECK(line.invocation().command == command.command);
      }
    }
  }
}

TEST_CASE("cli: status, doctor and pool, write nothing; pool needs no match") {
  CommandLine line;
  line.arguments = {"status"};
  CHECK(line.invocation().writes == app::Writes::none);
  line.arguments = {"doctor"};
  CHECK(line.invocation().writes == app::Writes::none);
  line.arguments = {"pool"};
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(line.invocation().writes == app::Writes::none);
  line.arguments = {"status"};
  CHECK(line.failure().exit() == core::Exit::usage);
}

TEST_CASE("cli: --lock lease without Kubernetes, is refused") {
  CommandLine line;
  line.arguments = {"--lock", "lease", "--kubernetes", "off"};
  const auto failure = line.failure();
  CHECK(failure.exit() == core::Exit::config);
  CHECK(std::string(failure.what()) == "cannot use --lock lease: no Kubernetes for Leases");
}
