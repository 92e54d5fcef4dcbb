// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"

#include "app/cli/options.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"
#include "unit/command_line.hpp"
#include "unit/temporary_folder.hpp"

#include <sstream>

using app::Invocation;
using core::Exit;
using unit::CommandLine;

// What depends on several options: precedence, pairs, tokens, Kubernetes.

namespace {

std::string answer(const std::vector<std::string>& arguments) {
  return std::get<app::Answer>(CommandLine{.arguments = arguments, .variables = {}}.parse()).text;
}

std::string message(const CommandLine& line, Exit exit) {
  const auto failure = line.failure();
  CHECK(failure.exit() == exit);
  return failure.what();
}

// A pod with a mounted service account, as far as a test can set one up.
CommandLine pod(const unit::TemporaryFolder& folder) {
  CommandLine line;
  line.variables["KUBERNETES_SERVICE_HOST"] = "10.245.0.1";
  line.variables["KUBERNETES_SERVICE_PORT"] = "6443";
  line.variables["DO_EGRESS_IP_KUBE_TOKEN_FILE"] = folder.write("token", "service-account\n");
  return line;
}

core::Error token_failure(const CommandLine& line) {
  const auto token = line.invocation().digitalocean.token;
  const auto failure = core::catch_error_except_signals([&] { token(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::config);
  return *failure;
}

}  // namespace

TEST_CASE("cli: precedence, a flag beats the environment, which beats the file") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  line.variables["DO_EGRESS_IP_CONFIG"] = folder.write("config.toml", "timeout = \"3m\"\n");
  CHECK(line.invocation().timeout == std::chrono::minutes{3});
  line.variables["DO_EGRESS_IP_TIMEOUT"] = "2h";
  CHECK(line.invocation().timeout == std::chrono::hours{2});
  line.arguments = {"--timeout", "1s"};
  CHECK(line.invocation().timeout == std::chrono::seconds{1});
  line.arguments = {"--config", folder.path("none")};
  CHECK(message(line, Exit::config) ==
        "cannot read " + folder.path("none") + ": No such file or directory");
}

TEST_CASE("cli: two variables of one option, the first wins") {
  CommandLine line;
  line.variables["HOSTNAME_FLOATING_IP_MATCH_STRING"] = "legacy";
  CHECK(line.invocation().match.pattern == "egress");
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(line.invocation().match.pattern == "legacy");
}

TEST_CASE(
    "cli: two options of one meaning, the stronger source wins, one source alone is refused") {
  const unit::TemporaryFolder folder;
  const std::string file = folder.write("pool", "198.51.100.9");
  CommandLine line;
  SUBCASE("match by flag over environment") {
    line.arguments = {"--match-regex", "x"};
    CHECK(line.invocation().match.kind == core::Match::Kind::regex);
  }
  SUBCASE("match by environment over file") {
    line.arguments = {"--config", folder.write("c.toml", "match-regex = \"x\"\n")};
    CHECK(line.invocation().match.kind == core::Match::Kind::substring);
  }
  SUBCASE("both matches by flag") {
    line.arguments = {"--match-regex", "x", "--match-string", "y"};
    CHECK(message(line, Exit::usage) ==
          "cannot use --match-regex: it contradicts --match-string; give one of the two");
  }
  SUBCASE("both matches in the environment") {
    line.variables["DO_EGRESS_IP_MATCH_REGEX"] = "x";
    CHECK(message(line, Exit::usage) ==
          "cannot use DO_EGRESS_IP_MATCH_REGEX: it contradicts DO_EGRESS_IP_MATCH_STRING; give one "
          "of the two");
  }
  SUBCASE("pool by flag over environment") {
    line.arguments = {"--floating-ips-file", file};
    CHECK(line.invocation().config.pool == std::vector{support::second_choice});
  }
  SUBCASE("both pools by flag") {
    line.arguments = {"--floating-ips-file", file, "--floating-ips", "198.51.100.7"};
    CHECK(message(line, Exit::usage) ==
          "cannot use --floating-ips-file: it contradicts --floating-ips; give one of the two");
  }
}

TEST_CASE("cli: missing match or pool, is refused") {
  CommandLine line;
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(message(line, Exit::usage) ==
        "cannot choose nodes: --match-string or --match-regex is required");
  line = {};
  line.variables.erase("DO_EGRESS_IP_FLOATING_IPS");
  CHECK(message(line, Exit::usage) ==
        "cannot choose an address: --floating-ips or --floating-ips-file is required");
}

TEST_CASE("cli: release, needs neither match nor pool, and ignores the match") {
  CommandLine line{.arguments = {"release"}, .variables = {}};
  CHECK(line.invocation().command == app::Command::release);
  CHECK(line.invocation().config.pool.empty());
  line.variables["DO_EGRESS_IP_MATCH_STRING"] = "elsewhere";
  line.variables["DO_EGRESS_IP_FLOATING_IPS"] = "198.51.100.8";
  CHECK(core::is_match(line.invocation().match, "pool-egress-8b870"));
  CHECK(line.invocation().config.pool == std::vector{support::first_choice});
}

TEST_CASE("cli: equal labels, are refused") {
  CHECK(message(CommandLine{.arguments = {"--enabled-label", "a", "--address-label", "a"}},
                Exit::config) ==
        "cannot label the Node: --enabled-label and --address-label are both \"a\"");
}

TEST_CASE("cli: no command, runs reconcile") {
  CHECK(CommandLine{.arguments = {"reconcile", "-n"}}.invocation().writes == app::Writes::none);
  CHECK(message(CommandLine{.arguments = {"relese"}}, Exit::usage) ==
        "cannot run \"relese\": the commands are reconcile, status, verify, release, doctor, pool, "
        "help, version");
  CHECK(CommandLine{.arguments = {"relese"}}.failure().hint() == "did you mean release?");
}

TEST_CASE("cli: token, is trimmed, and read at its first use") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  for (const std::string text :
       {"dop_v1_x", "dop_v1_x\n", "  dop_v1_x\r\n", "'dop_v1_x'\n", "\"dop_v1_x\""}) {
    line.arguments = {"--token-file", folder.write("token", text)};
    CHECK(line.invocation().digitalocean.token().value == "dop_v1_x");
  }
  line.arguments = {"--token-file", folder.path("none")};
  CHECK(std::string(token_failure(line).what()).starts_with("cannot read "));
}

TEST_CASE("cli: text that is not a token, is refused without quoting it") {
  const unit::TemporaryFolder folder;
  for (const std::string text : {"", "\n", "''", "dop_v1_x dop_v1_y", "dop_v1_x\nDebug: on",
                                 "dop_v1_\x01x", "dop_v1_\xc3\xa9"}) {
    const auto failure =
        token_failure({.arguments = {"--token-file", folder.write("token", text)}});
    CHECK(std::string(failure.what()).find("dop_v1") == std::string::npos);
  }
}

TEST_CASE("cli: token variables, follow the file in their documented order") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  CHECK(std::string(token_failure(line).what()) == "no DigitalOcean token");
  const auto token = [&] { return line.invocation().digitalocean.token().value; };
  line.variables["DO_TOKEN"] = "third";
  CHECK(token() == "third");
  line.variables["DIGITALOCEAN_TOKEN"] = " second ";
  CHECK(token() == "second");
  line.variables["DIGITALOCEAN_ACCESS_TOKEN"] = "";
  CHECK(token() == "second");
  line.variables["DIGITALOCEAN_ACCESS_TOKEN"] = "first";
  CHECK(token() == "first");
  line.arguments = {"--token-file", folder.write("token", "file")};
  CHECK(token() == "file");
}

TEST_CASE("cli: pod with a service account, turns Kubernetes on") {
  const unit::TemporaryFolder folder;
  CommandLine line = pod(folder);
  const auto url = [&] { return line.invocation().kubernetes->url; };
  CHECK(url() == "https://10.245.0.1:6443");
  CHECK(line.invocation().kubernetes->token().value == "service-account");
  line.variables.erase("KUBERNETES_SERVICE_PORT");
  CHECK(url() == "https://10.245.0.1:443");
  line.variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  CHECK(url() == "https://[fd00::1]:443");
  line.arguments = {"--kube-api-url", "https://kubernetes.test"};
  CHECK(url() == "https://kubernetes.test");
  line.arguments = {"--kubernetes", "off"};
  CHECK_FALSE(line.invocation().kubernetes.has_value());
}

TEST_CASE("cli: no service account or URL, auto turns Kubernetes off and on is refused") {
  const unit::TemporaryFolder folder;
  CommandLine line = pod(folder);
  std::string missing;
  SUBCASE("no account") {
    line.variables.erase("DO_EGRESS_IP_KUBE_TOKEN_FILE");
    missing = "cannot use Kubernetes: no service account token";
  }
  SUBCASE("no URL") {
    line.variables.erase("KUBERNETES_SERVICE_HOST");
    missing =
        "cannot use Kubernetes: no Kubernetes API: neither --kube-api-url nor "
        "KUBERNETES_SERVICE_HOST is set";
  }
  CHECK_FALSE(line.invocation().kubernetes.has_value());
  line.arguments = {"--kubernetes", "on"};
  CHECK(message(line, Exit::config) == missing);
}

TEST_CASE(
    "cli: pod without a service account, is warned about, or refused if an option needs one") {
  const unit::TemporaryFolder folder;
  CommandLine line = pod(folder);
  CHECK(line.invocation().warnings.empty());
  line.variables.erase("DO_EGRESS_IP_KUBE_TOKEN_FILE");
  CHECK(line.invocation().warnings.size() == 1);
  line.arguments = {"--kubernetes", "off"};
  CHECK(line.invocation().warnings.empty());
  line.arguments = {"--gate-taint", "egress:NoSchedule"};
  CHECK(message(line, Exit::config) ==
        "cannot use --gate-taint: no service account token in this pod");
  line.arguments = {"--lock", "lease"};
  CHECK(message(line, Exit::config) ==
        "cannot use --lock lease: no service account token in this pod");
}

TEST_CASE("cli: gate taint without Kubernetes outside a pod, is warned about") {
  CommandLine line;
  line.arguments = {"--gate-taint", "egress:NoSchedule"};
  CHECK(line.invocation().warnings.size() == 1);
}

TEST_CASE("cli: capitals in the match, are accepted for a droplet and refused for a Node") {
  const unit::TemporaryFolder folder;
  CommandLine line = pod(folder);
  line.arguments = {"--match-string", "Egress"};
  CHECK(message(line, Exit::usage)
            .starts_with("cannot use --match-string: no Node's name can contain"));
  line.arguments.insert(line.arguments.end(), {"--kubernetes", "off"});
  CHECK(line.invocation().match.pattern == "Egress");
}

TEST_CASE("cli: --kube-api-url without a token, is refused") {
  CHECK(message(CommandLine{.arguments = {"--kube-api-url", "https://kubernetes.test"}},
                Exit::config) == "cannot use Kubernetes: no service account token");
}

TEST_CASE("cli: help and version, are answered despite any other mistake") {
  CHECK(answer({"--version"}) == "do-egress-ip " DO_EGRESS_IP_VERSION "\n");
  CHECK(answer({"version"}) == answer({"--version"}));
  const std::string help = answer({"--help"});
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"-h"},
                                             {"help"},
                                             {"--timeout", "5", "--help"},
                                             {"--no-such", "--help"},
                                             {"help", "reconcile"}}) {
    CHECK(answer(arguments) == help);
  }
  CHECK(answer({"help", "pool"}) == answer({"pool", "--help"}));
  CHECK(CommandLine{.arguments = {"help", "pol"}}.failure().hint() == "did you mean pool?");
}

TEST_CASE("cli: help of a command, has only its options and fits 80 columns") {
  for (const app::CommandFacts& command : app::commands()) {
    const std::string help = answer({std::string(command.name), "--help"});
    for (const app::Option& option : app::options()) {
      const bool taken = (option.commands & app::in(command.command)) != 0;
      const std::string letter =
          option.letter.empty() ? "\n      " : fmt::format("\n  -{}, ", option.letter);
      const auto at = help.find(fmt::format("{}--{} ", letter, option.name));
      CHECK((at != std::string::npos) == taken);
    }
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(line.size() <= 80, line);
    }
    CHECK(help.find("Example:\n") != std::string::npos);
    CHECK(help.find("10 pool-exhausted  no free address") != std::string::npos);
    CHECK(help.ends_with("\n"));
  }
}

TEST_CASE("cli: mistyped option or command, suggests the nearest one") {
  const auto hint = [](const std::string& word) {
    return CommandLine{.arguments = {word, "198.51.100.7"}}.failure().hint();
  };
  CHECK(hint("--floating-ip") == "did you mean --floating-ips?");
  CHECK(hint("--floatingips=198.51.100.7") == "did you mean --floating-ips?");
  CHECK(hint("--verfy-url") == "did you mean --verify-url?");
  CHECK(hint("--time") == "run do-egress-ip --help");
  CHECK(hint("--frobnicate") == "run do-egress-ip --help");
  CHECK(CommandLine{.arguments = {"stauts"}}.failure().hint() == "did you mean status?");
  CHECK(CommandLine{.arguments = {"conquer"}}.failure().hint() == "run do-egress-ip --help");
}

TEST_CASE("cli: option without its value, does not consume the next option") {
  CommandLine line{.arguments = {"--timeout", "-o", "json"}};
  CHECK(message(line, Exit::usage) == "cannot use --timeout: a value is expected");
  CHECK(line.refusal().asked.output == app::Output::json);
  line.arguments = {"--match-string", "-egress-"};
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(line.invocation().match.pattern == "-egress-");
}

TEST_CASE("cli: variable of another command, has no effect") {
  CommandLine line{.arguments = {"status"}};
  line.variables["DO_EGRESS_IP_DETAILED_EXITCODE"] = "true";
  line.variables["DO_EGRESS_IP_METRICS_FILE"] = "/run/metrics.prom";
  CHECK_FALSE(line.invocation().detailed_exitcode);
  CHECK(line.invocation().metrics_file.empty());
}

TEST_CASE("cli: any mistake at any position, is refused in the requested output format") {
  const unit::TemporaryFolder folder;
  const auto is_json = [](const CommandLine& line) {
    return line.refusal().asked.output == app::Output::json;
  };
  const std::vector<std::vector<std::string>> wrong = {
      {"--no-such-option"},
      {"-z"},
      {"--timeout", "5"},
      {"status", "more"},
      {"--config", "/"},
      {"pol"},
      {"--keep-ip"},
      {"--match-regex", "("},
      {"dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}};
  for (const auto& arguments : wrong) {
    CAPTURE(arguments[0]);
    for (const auto& json : std::vector<std::vector<std::string>>{{"-o", "json"},
                                                                  {"-ojson"},
                                                                  {"--output=json"},
                                                                  {"--output", "json"},
                                                                  {"-vo", "json"}}) {
      CommandLine line{.arguments = arguments};
      line.arguments.insert(line.arguments.end(), json.begin(), json.end());
      CHECK(is_json(line));
      line.arguments = json;
      line.arguments.insert(line.arguments.end(), arguments.begin(), arguments.end());
      CHECK(is_json(line));
    }
    CommandLine line{.arguments = arguments};
    CHECK_FALSE(is_json(line));
    line.variables["DO_EGRESS_IP_OUTPUT"] = "json";
    CHECK(is_json(line));
  }
  CommandLine line;
  for (const char* mistake : {"timeout = '5'", "bogus = 1", "a-bogus = 1", "timeout = 5"}) {
    const std::string text = fmt::format("output = 'json'\n{}\n", mistake);
    line.arguments = {"--config", folder.write("c.toml", text)};
    CHECK(is_json(line));
  }
  line.arguments = {"doctor", "--no-such-option"};
  CHECK(line.refusal().asked.command == app::Command::doctor);
}
