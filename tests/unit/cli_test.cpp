// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"

#include "app/cli/options.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"
#include "unit/command_line.hpp"
#include "unit/temporary_folder.hpp"

using app::Invocation;
using core::Exit;
using unit::CommandLine;

// What follows from all options together: precedence, pairs, tokens, Kubernetes.

namespace {

std::string answer(const std::vector<std::string>& arguments) {
  return std::get<app::Answer>(CommandLine{.arguments = arguments, .variables = {}}.parse()).text;
}

std::string message(const CommandLine& line, Exit exit) {
  const auto failure = line.failure();
  CHECK(failure.exit() == exit);
  return failure.what();
}

// A pod with a mounted service account, as far as a test can mount one.
CommandLine pod(const unit::TemporaryFolder& folder) {
  CommandLine line;
  line.variables["KUBERNETES_SERVICE_HOST"] = "10.245.0.1";
  line.variables["KUBERNETES_SERVICE_PORT"] = "6443";
  line.variables["DO_EGRESS_IP_KUBE_TOKEN_FILE"] = folder.write("token", "service-account\n");
  return line;
}

core::Error token_failure(const CommandLine& line) {
  const auto token = line.invocation().digitalocean.token;
  const auto failure = core::failure_of([&] { token(); });
  REQUIRE(failure.has_value());
  CHECK(failure->exit() == Exit::config);
  return *failure;
}

}  // namespace

TEST_CASE("cli: flag beats environment beats file") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  line.variables["DO_EGRESS_IP_CONFIG"] = folder.write("config.toml", "timeout = \"3m\"\n");
  CHECK(line.invocation().timeout == std::chrono::minutes{3});
  line.variables["DO_EGRESS_IP_TIMEOUT"] = "2h";
  CHECK(line.invocation().timeout == std::chrono::hours{2});
  line.arguments = {"--timeout", "1s"};
  CHECK(line.invocation().timeout == std::chrono::seconds{1});
  line.arguments = {"--config", folder.path("none")};
  CHECK(message(line, Exit::config) == "--config: cannot read \"" + folder.path("none") + "\"");
}

TEST_CASE("cli: of two variables for one option the first wins") {
  CommandLine line;
  line.variables["HOSTNAME_FLOATING_IP_MATCH_STRING"] = "legacy";
  CHECK(line.invocation().match.pattern == "egress");
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(line.invocation().match.pattern == "legacy");
}

TEST_CASE("cli: two ways to say one thing: the better place wins, one place contradicts itself") {
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
          "--match-regex: it contradicts --match-string: give one of the two");
  }
  SUBCASE("both matches in the environment") {
    line.variables["DO_EGRESS_IP_MATCH_REGEX"] = "x";
    CHECK(message(line, Exit::usage) ==
          "DO_EGRESS_IP_MATCH_REGEX: it contradicts DO_EGRESS_IP_MATCH_STRING: give one of the "
          "two");
  }
  SUBCASE("pool by flag over environment") {
    line.arguments = {"--floating-ips-file", file};
    CHECK(line.invocation().config.pool == std::vector{support::second_choice});
  }
  SUBCASE("both pools by flag") {
    line.arguments = {"--floating-ips-file", file, "--floating-ips", "198.51.100.7"};
    CHECK(message(line, Exit::usage) ==
          "--floating-ips-file: it contradicts --floating-ips: give one of the two");
  }
}

TEST_CASE("cli: match and pool are required") {
  CommandLine line;
  line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  CHECK(message(line, Exit::usage) == "--match-string or --match-regex is required");
  line = {};
  line.variables.erase("DO_EGRESS_IP_FLOATING_IPS");
  CHECK(message(line, Exit::usage) == "--floating-ips or --floating-ips-file is required");
}

TEST_CASE("cli: the two labels must differ") {
  CHECK(message(CommandLine{.arguments = {"--enabled-label", "a", "--address-label", "a"}},
                Exit::config) == "--enabled-label and --address-label are the same: \"a\"");
}

TEST_CASE("cli: reconcile is the default command") {
  CHECK(CommandLine{.arguments = {"reconcile", "-n"}}.invocation().writes == app::Writes::none);
  CHECK(message(CommandLine{.arguments = {"relese"}}, Exit::usage) ==
        "\"relese\" is not a command; expected one of reconcile, "
        "status, "
        "release, doctor, pool");
}

TEST_CASE("cli: the configuration file takes lists, switches and comments") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.write("config.toml",
                                        "# egress\n"
                                        "match-string = \"web\"\n"
                                        "floating-ips = [\"198.51.100.8\", \"198.51.100.9\"]\n"
                                        "direct = [\"192.0.2.0/24\"]\n"
                                        "dry-run = true\n"
                                        "detailed-exitcode = false\n");
  const auto invocation =
      CommandLine{.arguments = {"--config", path}, .variables = {}}.invocation();
  CHECK(invocation.match.pattern == "web");
  CHECK(invocation.config.pool == std::vector{support::first_choice, support::second_choice});
  CHECK(invocation.config.direct.size() == 1);
  CHECK(invocation.writes == app::Writes::none);
  CHECK_FALSE(invocation.detailed_exitcode);
}

TEST_CASE("cli: a configuration file with what is no option is refused") {
  const unit::TemporaryFolder folder;
  for (const std::string text :
       {"frobnicate = 1\n", "[section]\ntimeout = \"5s\"\n", "floating_ips = \"198.51.100.7\"\n",
        "config = \"x\"\n", "help = true\n", "= 5\n"}) {
    CAPTURE(text);
    const std::string path = folder.write("config.toml", text);
    CHECK(message(CommandLine{.arguments = {"--config", path}}, Exit::config).starts_with(path));
  }
}

TEST_CASE("cli: a token is trimmed, and read only when it is asked for") {
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

TEST_CASE("cli: what is no token is refused without repeating it") {
  const unit::TemporaryFolder folder;
  for (const std::string text : {"", "\n", "''", "dop_v1_x dop_v1_y", "dop_v1_x\nDebug: on",
                                 "dop_v1_\x01x", "dop_v1_\xc3\xa9"}) {
    const auto failure =
        token_failure({.arguments = {"--token-file", folder.write("token", text)}});
    CHECK(std::string(failure.what()).find("dop_v1") == std::string::npos);
  }
}

TEST_CASE("cli: the token's variables, in their order, after the file") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  CHECK(std::string(token_failure(line).what()) == "there is no DigitalOcean token");
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

TEST_CASE("cli: Kubernetes is on by itself in a pod") {
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

TEST_CASE(
    "cli: without a service account or a URL Kubernetes is off by itself, and on is an error") {
  const unit::TemporaryFolder folder;
  CommandLine line = pod(folder);
  std::string missing;
  SUBCASE("no account") {
    line.variables.erase("DO_EGRESS_IP_KUBE_TOKEN_FILE");
    missing = "--kubernetes: there is no service account token";
  }
  SUBCASE("no URL") {
    line.variables.erase("KUBERNETES_SERVICE_HOST");
    missing =
        "--kubernetes: there is no Kubernetes API: neither --kube-api-url nor "
        "KUBERNETES_SERVICE_HOST is set";
  }
  CHECK_FALSE(line.invocation().kubernetes.has_value());
  line.arguments = {"--kubernetes", "on"};
  CHECK(message(line, Exit::config) == missing);
}

TEST_CASE("cli: a Kubernetes URL that was given needs a token") {
  CHECK(message(CommandLine{.arguments = {"--kube-api-url", "https://kubernetes.test"}},
                Exit::config) == "--kubernetes: there is no service account token");
}

TEST_CASE("cli: --help and --version answer, whatever else is missing or wrong") {
  CHECK(answer({"--version"}) == "do-egress-ip " DO_EGRESS_IP_VERSION "\n");
  const std::string help = answer({"--help"});
  CHECK(answer({"-h"}) == help);
  CHECK(answer({"--timeout", "5", "--help"}) == help);
  for (const app::Option& option : app::options()) {
    for (const app::CommandFacts& command : app::commands()) {
      const bool taken = (option.commands & app::in(command.command)) != 0;
      const std::string said = answer({std::string(command.name), "--help"});
      CHECK((said.find(fmt::format("--{}", option.name)) != std::string::npos) == taken);
    }
  }
  for (const core::ExitFacts& facts : core::exit_table()) {
    CHECK(help.find(fmt::format(" {} {}", static_cast<int>(facts.exit), facts.name)) !=
          std::string::npos);
  }
  CHECK(help.find("Example:\n") != std::string::npos);
  CHECK(help.ends_with("\n"));
}
