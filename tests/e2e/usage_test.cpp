// SPDX-License-Identifier: Apache-2.0
// The built program and its options: a mistake gives one line before anything else happens. Valid
// options whose match fails need no network.
#include "node.hpp"
#include "unit/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>

using support::Command;
using support::Run;
using support::Variables;

namespace {

constexpr int usage = 64;
constexpr int config = 78;

struct Wrong {
  std::string option = {};
  std::string variable = {};
  std::string value = {};
  int exit = usage;  // always config for the configuration file
};

const std::string nowhere = "/nonexistent/file";
const std::string empty_file = "/dev/null";

const std::vector<Wrong> wrong_values = {
    {"match-string", "DO_EGRESS_IP_MATCH_STRING", "egress-*"},
    {"match-regex", "DO_EGRESS_IP_MATCH_REGEX", "pool-("},
    {"match-regex", "DO_EGRESS_IP_MATCH_REGEX", "(a*)*\\1b"},
    {"floating-ips", "DO_EGRESS_IP_FLOATING_IPS", "198.51.100.256"},
    {"floating-ips", "DO_EGRESS_IP_FLOATING_IPS", "2001:db8::1"},
    {"floating-ips", "DO_EGRESS_IP_FLOATING_IPS", ","},
    {"floating-ips-file", "DO_EGRESS_IP_FLOATING_IPS_FILE", nowhere, config},
    {"floating-ips-file", "DO_EGRESS_IP_FLOATING_IPS_FILE", empty_file, config},
    {"floating-ips-file", "DO_EGRESS_IP_FLOATING_IPS_FILE", "/", config},
    {"allow-foreign-ip", "DO_EGRESS_IP_ALLOW_FOREIGN_IP", "maybe"},
    {"node-name", "NODE_NAME", "not/a/name"},
    {"api-url", "DIGITALOCEAN_API_URL", "api.digitalocean.com"},
    {"api-url", "DIGITALOCEAN_API_URL", "http://192.0.2.2"},
    {"api-url", "DIGITALOCEAN_API_URL", "https://api.digitalocean.com/v2", config},
    {"api-url", "DIGITALOCEAN_API_URL", "https://user:password@192.0.2.2"},
    {"ca-file", "SSL_CERT_FILE", nowhere, config},
    {"metadata-url", "DO_EGRESS_IP_METADATA_URL", "169.254.169.254"},
    {"kubernetes", "DO_EGRESS_IP_KUBERNETES", "perhaps"},
    {"kube-api-url", "DO_EGRESS_IP_KUBE_API_URL", "http://192.0.2.3:6443"},
    {"kube-token-file", "DO_EGRESS_IP_KUBE_TOKEN_FILE", nowhere, config},
    {"kube-ca-file", "DO_EGRESS_IP_KUBE_CA_FILE", nowhere, config},
    {"route", "DO_EGRESS_IP_ROUTE", "anchor"},
    {"direct", "DO_EGRESS_IP_DIRECT", "0.0.0.0/0"},
    {"direct", "DO_EGRESS_IP_DIRECT", "example.com"},
    {"enabled-label", "DO_EGRESS_IP_ENABLED_LABEL", "no label"},
    {"address-label", "DO_EGRESS_IP_ADDRESS_LABEL", "-x"},
    {"dry-run", "DO_EGRESS_IP_DRY_RUN", "maybe"},
    {"timeout", "DO_EGRESS_IP_TIMEOUT", "5"},
    {"timeout", "DO_EGRESS_IP_TIMEOUT", "0s"},
    {"timeout", "DO_EGRESS_IP_TIMEOUT", "-5s"},
    {"output", "DO_EGRESS_IP_OUTPUT", "yaml"},
    {"log-format", "DO_EGRESS_IP_LOG_FORMAT", "xml"},
    {"verbose", "DO_EGRESS_IP_VERBOSE", "very"},
    {"quiet", "DO_EGRESS_IP_QUIET", "very"},
    {"detailed-exitcode", "DO_EGRESS_IP_DETAILED_EXITCODE", "2"},
    {"ok-codes", "DO_EGRESS_IP_OK_CODES", "10,99"},
};

// The other options are valid, and the name does not match.
Run run(const std::vector<std::string>& arguments, const Variables& environment = {}) {
  Command command{{support::program()}, environment};
  command.words.insert(command.words.end(), arguments.begin(), arguments.end());
  return support::run(command);
}

const Variables right = {{"NODE_NAME", "node-1"},
                         {"DO_EGRESS_IP_MATCH_STRING", "other"},
                         {"DO_EGRESS_IP_FLOATING_IPS", "198.51.100.1"}};

// Without the variables that contradict `option`.
Variables right_but(const std::string& option) {
  Variables environment = right;
  if (option.starts_with("match")) {
    environment.erase("DO_EGRESS_IP_MATCH_STRING");
  }
  if (option.starts_with("floating-ips")) {
    environment.erase("DO_EGRESS_IP_FLOATING_IPS");
  }
  if (option == "node-name") {
    environment.erase("NODE_NAME");
  }
  return environment;
}

void check_refused(const Run& run, int exit, const std::string& names) {
  INFO(run.out, run.err);
  CHECK(run.exit == exit);
  CHECK(run.out.empty());
  REQUIRE(support::errors(run).size() == 1);
  CHECK(support::errors(run)[0].find(names) != std::string::npos);
  CHECK(support::hints(run).size() == 1);
  CHECK(support::lines_with(run.err, "").size() == 2);
}

std::string told_name(const Run& run) {
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  const auto start = run.out.find('"') + 1;
  return run.out.substr(start, run.out.find('"', start) - start);
}

}  // namespace

TEST_CASE("usage: wrong value on the command line, exit 64") {
  for (const Wrong& wrong : wrong_values) {
    CAPTURE(wrong.option);
    CAPTURE(wrong.value);
    check_refused(run({"--" + wrong.option + "=" + wrong.value}, right_but(wrong.option)),
                  wrong.exit, "--" + wrong.option);
  }
}

TEST_CASE("usage: wrong value in the environment, exit 64") {
  for (const Wrong& wrong : wrong_values) {
    CAPTURE(wrong.variable);
    CAPTURE(wrong.value);
    Variables environment = right_but(wrong.option);
    environment[wrong.variable] = wrong.value;
    check_refused(run({}, environment), wrong.exit, wrong.variable);
  }
}

TEST_CASE("usage: wrong value in the configuration file, exit 78") {
  const unit::TemporaryFolder folder;
  for (const Wrong& wrong : wrong_values) {
    CAPTURE(wrong.option);
    CAPTURE(wrong.value);
    const auto file = folder.write("config.toml", wrong.option + " = '" + wrong.value + "'\n");
    check_refused(run({"--config", file}, right_but(wrong.option)), config,
                  wrong.option + " in " + file + ":1:");
  }
}

TEST_CASE("usage: configuration file unreadable, not TOML or with an unknown option, exit 78") {
  const unit::TemporaryFolder folder;
  for (const std::string command : {"reconcile", "status", "doctor", "pool", "release"}) {
    check_refused(run({command, "--config", nowhere}, right), config, nowhere);
    check_refused(run({command, "--config", "/"}, right), config, "/: Is a directory");
    const auto garbage = folder.write("garbage.toml", "timeout = '2m'\n[[[\n");
    check_refused(run({command, "--config", garbage}, right), config, garbage + ":2:");
    const auto unknown = folder.write("unknown.toml", "floating-ip = \"198.51.100.1\"\n");
    const Run refused = run({command, "--config", unknown}, right);
    check_refused(refused, config, unknown + ":1:1: \"floating-ip\" is not an option");
    CHECK(refused.err.find("did you mean floating-ips?") != std::string::npos);
  }
}

// With its own /etc, which contains the file.
Run run_with_usual_file(const unit::TemporaryFolder& folder, std::vector<std::string> words,
                        const Variables& environment) {
  words.insert(words.begin(), {"unshare", "--mount", "sh", "-c",
                               "mount --bind \"$1\" /etc && shift && exec \"$@\"", "sh",
                               folder.path("etc"), DO_EGRESS_IP});
  return support::run({words, environment});
}

TEST_CASE("usage: /etc/do-egress-ip/config.toml, is read unless another is given") {
  const unit::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("etc/do-egress-ip"));
  const auto pool = std::string("match-string = 'x'\nfloating-ips = ['198.51.100.1']\n");
  folder.write("etc/do-egress-ip/config.toml", pool + "node-name = 'from-the-usual-file'\n");
  const auto other = folder.write("etc/other.toml", pool + "node-name = 'from-another-file'\n");
  const Variables path = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  const auto name = [&](const std::vector<std::string>& words, Variables variables = {}) {
    variables.insert(path.begin(), path.end());
    return told_name(run_with_usual_file(folder, words, variables));
  };
  CHECK(name({}) == "from-the-usual-file");
  CHECK(name({}, {{"DO_EGRESS_IP_CONFIG", ""}}) == "from-the-usual-file");
  CHECK(name({}, {{"DO_EGRESS_IP_CONFIG", "/etc/other.toml"}}) == "from-another-file");
  CHECK(name({"--config", "/etc/other.toml"}) == "from-another-file");
  check_refused(run_with_usual_file(folder, {"--config", ""}, path), usage,
                "--match-string or --match-regex is required");
  folder.write("etc/do-egress-ip/config.toml", "timeout = 5\n");
  check_refused(run_with_usual_file(folder, {}, path), config,
                "timeout in /etc/do-egress-ip/config.toml:1:11");
}

TEST_CASE("usage: refusal with -o json, is a JSON document") {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"-o", "json", "--no-such-option"},
                                             {"--no-such-option", "--output=json"},
                                             {"status", "-ojson", "--timeout", "5"},
                                             {"pool", "--timeout", "-o", "json"},
                                             {"doctor", "--config", nowhere, "-o", "json"},
                                             {"relese", "-o", "json"}}) {
    CAPTURE(words[0]);
    const Run refused = run(words, right);
    const auto document = nlohmann::json::parse(refused.out);
    CHECK(document.at("schema") == 1);
    CHECK(document.at("exit").at("code") == refused.exit);
    CHECK(document.at("exit").at("retry") == false);
    CHECK(refused.err.find(document.at("error").at("message")) != std::string::npos);
    CHECK_FALSE(document.at("error").at("hint").get<std::string>().empty());
    CHECK(support::errors(refused).size() == 1);
  }
  Variables environment = right;
  environment["DO_EGRESS_IP_OUTPUT"] = "json";
  const Run refused = run({"release", "--timeout", "5"}, environment);
  CHECK(nlohmann::json::parse(refused.out).at("command") == "release");
  CHECK(nlohmann::json::parse(refused.out).at("result") == "failed");
}

TEST_CASE("usage: unknown option or command, or missing value, exit 64") {
  check_refused(run({"--no-such-option"}, right), usage, "--no-such-option");
  check_refused(run({"-z"}, right), usage, "-z");
  check_refused(run({"conquer"}, right), usage, "conquer");
  check_refused(run({"reconcile", "reconcile"}, right), usage, "reconcile");
  check_refused(run({"--timeout"}, right), usage, "--timeout");
  check_refused(run({"--timeout", "1m", "--timeout", "2m"}, right), usage, "--timeout");
  check_refused(run({"--dop-token", "dop_v1_x"}, right), usage, "a token on the command line");
}

TEST_CASE("usage: no match or no pool, is refused") {
  check_refused(run({}), usage, "--match-string or --match-regex is required");
  check_refused(run({"--match-string", ""}, right_but("match-string")), usage, "--match-string");
  check_refused(run({}, right_but("floating-ips")), usage,
                "--floating-ips or --floating-ips-file is required");
  const unit::TemporaryFolder folder;
  const auto file = folder.write("pool", "# none yet\n\n");
  check_refused(run({"--floating-ips-file", file}, right_but("floating-ips")), config,
                "the pool is empty");
}

TEST_CASE("usage: precedence, flag, environment, file, hostname") {
  const unit::TemporaryFolder folder;
  const auto file = folder.write("config.toml", "node-name = \"from-the-file\"\n");
  Variables environment = right_but("node-name");
  CHECK(told_name(run({"--config", file, "--node-name", "from-a-flag"}, environment)) ==
        "from-a-flag");
  CHECK(told_name(run({"--config", file}, environment)) == "from-the-file");
  CHECK_FALSE(told_name(run({}, environment)).empty());
  environment["NODE_NAME"] = "from-a-variable";
  CHECK(told_name(run({"--config", file}, environment)) == "from-a-variable");
  CHECK(told_name(run({"--config", file, "--node-name", "from-a-flag"}, environment)) ==
        "from-a-flag");
  environment["DO_EGRESS_IP_CONFIG"] = file;
  environment.erase("NODE_NAME");
  CHECK(told_name(run({}, environment)) == "from-the-file");
}

TEST_CASE("usage: wrong value that a stronger source replaces, does not matter") {
  Variables environment = right;
  environment["DO_EGRESS_IP_TIMEOUT"] = "5";
  CHECK(run({}, environment).exit == usage);
  CHECK(run({"--timeout", "5s"}, environment).exit == 0);
}

TEST_CASE("usage: switch on the command line, beats the environment both ways") {
  Variables environment = right;
  environment["DO_EGRESS_IP_DETAILED_EXITCODE"] = "true";
  CHECK(run({}, environment).exit == 3);
  CHECK(run({"--detailed-exitcode=false"}, environment).exit == 0);
  environment["DO_EGRESS_IP_DETAILED_EXITCODE"] = "off";
  CHECK(run({}, environment).exit == 0);
  CHECK(run({"--detailed-exitcode", "--detailed-exitcode"}, environment).exit == 3);
}

TEST_CASE("usage: plain http, is refused except on loopback") {
  for (const std::string url : {"http://127.0.0.1:8080", "http://localhost:8080"}) {
    CHECK(run({"--api-url", url}, right).exit == 0);
  }
}

TEST_CASE("usage: any regular expression, ends before the deadline") {
  Variables environment = right_but("match-string");
  environment["NODE_NAME"] = std::string(38, 'a');
  environment["DO_EGRESS_IP_TIMEOUT"] = "60s";
  for (const std::string regex : {"(a*)*b", "(a|a)*b", "(a|aa)+c", "(?=(a+)+b).*", "([a-z]+)*1"}) {
    environment["DO_EGRESS_IP_MATCH_REGEX"] = regex;
    CHECK(run({}, environment).exit == 0);  // 75 at the deadline
  }
}

TEST_CASE("usage: --help and --version, answer despite other mistakes") {
  for (const std::string word : {"--help", "-h"}) {
    const Run help = run({word, "--timeout", "5"});
    CHECK(help.exit == 0);
    CHECK(help.err.empty());
    for (const Wrong& wrong : wrong_values) {
      CHECK(help.out.find("--" + wrong.option + " ") != std::string::npos);
    }
    for (const char* text : {"Usage:", "Example:", "Exit codes:", " 10 pool-exhausted"}) {
      CHECK(help.out.find(text) != std::string::npos);
    }
  }
  const Run version = run({"--version"});
  CHECK(version.exit == 0);
  CHECK(version.out.starts_with("do-egress-ip "));
  CHECK(support::lines_with(version.out, "").size() == 1);
  CHECK(version.err.empty());
}

TEST_CASE("usage: token missing or malformed when it is needed, is refused") {
  const unit::TemporaryFolder folder;
  const Node node;
  const auto two = folder.write("two", "dop_v1_one dop_v1_two\n");
  for (const std::string& file : {nowhere, empty_file, two}) {
    CAPTURE(file);
    const auto result = node.run(config, {"--token-file", file});
    CHECK(result.at("error").at("message").dump().find("dop_v1") == std::string::npos);
    node.check_says_false();
  }
  node.run(config, {}, {{"DO_EGRESS_IP_TOKEN_FILE", ""}});
  node.check_says_false();
  CHECK(node.world.requests("digitalocean") == 0);
  node.run(0, {}, {{"DO_EGRESS_IP_TOKEN_FILE", ""}, {"DO_TOKEN", "'dop_v1_lab'\n"}});
  node.check_egress();
}
