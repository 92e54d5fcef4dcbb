// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.hpp"
#include "core/text.hpp"
#include "support/print.hpp"
#include "unit/command_line.hpp"
#include "unit/temporary_folder.hpp"

#include <algorithm>

using core::Exit;
using unit::CommandLine;

// Every wrong value gives one line with its source, its text and the expected form.

namespace {

struct Wrong {
  std::string option;
  std::string value;
  Exit exit = Exit::usage;
};

const std::string long_name(254, 'a');
const std::string long_label(64, 'a');

const std::vector<Wrong> wrong_values = {
    {"match-string", "egress-*"},
    {"match-string", "egress web"},
    {"match-string", "egress,web"},
    {"match-string", "^egress"},
    {"match-string", "pool_egress"},
    {"match-string", "egress..web"},
    {"match-string", "egress-.web"},
    {"match-string", "\xc3\xa9"},
    {"match-string", long_name},
    {"match-regex", "pool-("},
    {"match-regex", R"((a)\1)"},
    {"match-regex", "(?=.*(?!.*b)).*"},
    {"match-regex", "((a?){99}){99}"},
    {"floating-ips", "10.0.0.300"},
    {"floating-ips", "198.51.100.7,::1"},
    {"floating-ips", "198.51.100.0/24"},
    {"floating-ips-file", "/nonexistent/pool", Exit::config},
    {"node-name", "a/b"},
    {"node-name", "pool a"},
    {"node-name", "pool_a"},
    {"node-name", long_name},
    {"api-url", "api.test"},
    {"api-url", "http://api.test"},
    {"api-url", "http://127.0.0.1.example.com"},
    {"api-url", "https:///v2"},
    {"api-url", "https://api.test/?x=y"},
    {"api-url", "https://api.test/v2", Exit::config},
    {"api-url", "https://api.test/v2/", Exit::config},
    {"api-url", "https://api.test/v2/reserved_ips", Exit::config},
    {"metadata-url", "http://169.254.169.254/metadata/v1.json", Exit::config},
    {"kube-api-url", "https://10.245.0.1/api/v1", Exit::config},
    {"api-url", "https://192.0.2.2/V2", Exit::config},
    {"metadata-url", "169.254.169.254"},
    {"metadata-url", "ftp://169.254.169.254"},
    {"ca-file", "/nonexistent/ca.pem", Exit::config},
    {"kubernetes", "maybe"},
    {"kube-api-url", "http://10.245.0.1"},
    {"kube-token-file", "/nonexistent/token", Exit::config},
    {"kube-ca-file", "/nonexistent/ca.crt", Exit::config},
    {"namespace", "kube_system"},
    {"namespace", "-egress"},
    {"namespace", long_label},
    {"lock", "always"},
    {"verify-url", "whatismyip.test"},
    {"verify-url", "ftp://whatismyip.test"},
    {"verify-url", "https://a.test,b.test"},
    {"verify-url", "https://a.test https://user@b.test"},
    {"gate-taint", "egress"},
    {"gate-taint", ":NoSchedule"},
    {"gate-taint", "egress:Never"},
    {"gate-taint", "egress=a b:NoSchedule"},
    {"gate-taint", "-egress:NoSchedule"},
    {"gate-taint", "egress=x:NoSchedule:NoExecute"},
    {"route", "anchor"},
    {"direct", "192.0.2.1/24"},
    {"direct", "0.0.0.0/0"},
    {"direct", "0.0.0.0/1,128.0.0.0/1"},
    {"direct", "10.0.0.0/7"},
    {"direct", "example.com"},
    {"enabled-label", "-x"},
    {"enabled-label", "x-"},
    {"enabled-label", "a b"},
    {"enabled-label", "/x"},
    {"enabled-label", "x/"},
    {"enabled-label", "a/b/c"},
    {"enabled-label", "a$/b"},
    {"enabled-label", long_label},
    {"address-label", "a,b"},
    {"dry-run", "maybe"},
    {"allow-foreign-ip", "2"},
    {"timeout", "5"},
    {"timeout", "0s"},
    {"timeout", "25h"},
    {"timeout", "soon"},
    {"output", "yaml"},
    {"output", "JSON"},
    {"log-format", "xml"},
    {"ok-codes", "1"},
    {"ok-codes", "ten"},
    {"ok-codes", "10x"},
    {"ok-codes", "10;75"},
    {"ok-codes", "99999999999999999999"},
};

bool names(const core::Error& error, const std::string& text) {
  return std::string(error.what()).find(text) != std::string::npos;
}

// Removes options that would contradict.
CommandLine without(const std::string& option) {
  CommandLine line;
  if (option.starts_with("match")) {
    line.variables.erase("DO_EGRESS_IP_MATCH_STRING");
  }
  if (option.starts_with("floating-ips")) {
    line.variables.erase("DO_EGRESS_IP_FLOATING_IPS");
  }
  return line;
}

const app::Option& option_called(const std::string& name) {
  return *std::ranges::find(app::options(), name, &app::Option::name);
}

}  // namespace

TEST_CASE("cli: wrong value of a flag, names the flag") {
  for (const Wrong& wrong : wrong_values) {
    if (option_called(wrong.option).value.empty()) {
      continue;  // a switch has no value
    }
    CAPTURE(wrong.option);
    CAPTURE(wrong.value);
    CommandLine line = without(wrong.option);
    line.arguments = {"--" + wrong.option + "=" + wrong.value};
    const auto failure = line.failure();
    CHECK(failure.exit() == wrong.exit);
    CHECK(std::string(failure.what()).starts_with("cannot use --" + wrong.option + ": "));
    CHECK((names(failure, core::escape(wrong.value)) ||
           names(failure, "\"" + wrong.value.substr(0, 2)) ||
           wrong.value.find(',') != std::string::npos ||
           wrong.value.find(' ') != std::string::npos));
  }
}

TEST_CASE("cli: wrong value of a variable, names the variable") {
  for (const Wrong& wrong : wrong_values) {
    for (const std::string& variable : option_called(wrong.option).environment) {
      CAPTURE(wrong.option);
      CAPTURE(wrong.value);
      CommandLine line = without(wrong.option);
      line.variables[variable] = wrong.value;
      const auto failure = line.failure();
      CHECK(failure.exit() == wrong.exit);
      CHECK(std::string(failure.what()).starts_with("cannot use " + variable + ": "));
    }
  }
}

TEST_CASE("cli: wrong value in the file, ends with config and names the file") {
  const unit::TemporaryFolder folder;
  for (const Wrong& wrong : wrong_values) {
    CAPTURE(wrong.option);
    CAPTURE(wrong.value);
    CommandLine line = without(wrong.option);
    const std::string path =
        folder.write("config.toml", "\n" + wrong.option + " = '" + wrong.value + "'\n");
    line.arguments = {"--config", path};
    const auto failure = line.failure();
    CHECK(failure.exit() == Exit::config);
    CHECK(std::string(failure.what())
              .starts_with("cannot use " + wrong.option + " in " + path + ":2:"));
  }
}

TEST_CASE("cli: empty value, is refused") {
  for (const app::Option& option : app::options()) {
    if (option.value.empty() || option.set == nullptr) {
      continue;
    }
    const std::string name(option.name);
    CAPTURE(name);
    CommandLine line = without(name);
    for (const std::string value : {"", " "}) {
      line.arguments = {"--" + name, value};
      if (value.empty() || option.repeatable) {
        const auto failure = line.failure();
        CHECK(failure.exit() == Exit::usage);
        CHECK(names(failure, "--" + name));
      }
    }
  }
  CommandLine commas;
  commas.variables["DO_EGRESS_IP_FLOATING_IPS"] = " , ";
  CHECK(std::string(commas.failure().what()) ==
        "cannot use DO_EGRESS_IP_FLOATING_IPS: the pool is empty; IPv4 addresses are expected");
}

TEST_CASE("cli: empty variable, is ignored") {
  CommandLine line;
  for (const app::Option& option : app::options()) {
    for (const std::string_view variable : option.environment) {
      line.variables.try_emplace(std::string(variable), "");
    }
  }
  CHECK(line.invocation().timeout == std::chrono::minutes{2});
}

TEST_CASE("cli: credentials in a URL, are refused without quoting them") {
  for (const std::string option : {"--api-url", "--metadata-url", "--kube-api-url"}) {
    for (const std::string user : {"someone:s3cret@", "s3cret@", ":s3cret@"}) {
      const auto failure = CommandLine{{option, "https://" + user + "api.test"}}.failure();
      CHECK(failure.exit() == Exit::usage);
      CHECK_FALSE(names(failure, "s3cret"));
    }
  }
}

TEST_CASE("cli: empty, malformed, huge or folder as pool file, ends with config") {
  const unit::TemporaryFolder folder;
  CommandLine line = without("floating-ips");
  const auto failure_with = [&](const std::string& path) {
    line.arguments = {"--floating-ips-file", path};
    const auto failure = line.failure();
    CHECK(failure.exit() == Exit::config);
    CHECK(names(failure, path));
    return failure;
  };
  failure_with(folder.write("empty", ""));
  failure_with(folder.write("comments", "# none yet\n\n"));
  CHECK(names(failure_with(folder.write("wrong", "198.51.100.7\nexample.com\n")), "example.com"));
  failure_with(folder.path(""));
  failure_with(folder.write("huge", std::string((std::size_t{1} << 20U) + 1, ' ')));
}

TEST_CASE("cli: unknown or repeated option, or unknown command, is a usage error") {
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments :
       {Arguments{"--frobnicate"}, Arguments{"-x"}, Arguments{"relese"},
        Arguments{"reconcile", "reconcile"}, Arguments{"--timeout"},
        Arguments{"--timeout", "5s", "--timeout", "6s"}, Arguments{"--config"},
        Arguments{"maybe", "--dry-run"}, Arguments{""}, Arguments{"--=x"},
        Arguments{"--match-string", "a", "--match-string", "b"}}) {
    CAPTURE(arguments[0]);
    CommandLine line = without("match");
    line.variables["DO_EGRESS_IP_MATCH_REGEX"] = ".*";
    line.arguments = arguments;
    CHECK(line.failure().exit() == Exit::usage);
    CHECK(names(line.failure(), arguments[0].substr(0, arguments[0].find('='))));
  }
}

TEST_CASE("cli: destinations are networks of the internet, in a set-up that can work") {
  const auto failure = [](const std::vector<std::string>& arguments) {
    return CommandLine{arguments}.failure();
  };
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"partner.example.com", "getent ahostsv4 partner.example.com"},
      {"https://partner.example.com:8443/x", "getent ahostsv4 partner.example.com"},
      {"0.0.0.0/0", "--route default"},
      {"128.0.0.0/1", "--route default"},
      {"192.0.2.1/24", "give 192.0.2.0/24, or one address: 192.0.2.1"},
      {"2001:db8::/32", "no IPv6 is routed"},
      {"::ffff:192.0.2.1", "no IPv6 is routed"},
      {"127.0.0.0/8", "networks of the internet"},
      {"169.254.169.254", "networks of the internet"},
      {"169.0.0.0/8", "networks of the internet"},
      {"224.0.0.1", "networks of the internet"},
      {"192.0.2.0/33", "one address"},
      {"192.0.2", "one address"},
      {"192.0.2.0/255.255.255.0", "one address"}};
  for (const auto& [network, hint] : wrong) {
    CAPTURE(network);
    const auto found = failure({"--destination", network});
    CHECK(found.exit() == Exit::usage);
    CHECK(found.hint().find(hint) != std::string::npos);
  }
  CHECK(failure({"--destination", ""}).exit() == Exit::usage);
  CHECK(failure({"--route", "destinations"}).exit() == Exit::usage);
  CHECK(failure({"--route", "none", "--destination", "192.0.2.0/24"}).exit() == Exit::config);
  CHECK(failure({"--direct", "192.0.2.0/24", "--destination", "192.0.2.0/24"}).exit() ==
        Exit::config);
}

TEST_CASE("cli: a destination that contains a server which a claim needs must have it direct") {
  const std::vector<std::string> words = {"--destination", "192.0.2.0/24", "--api-url",
                                          "https://192.0.2.2"};
  const auto failure = CommandLine{words}.failure();
  CHECK(failure.exit() == Exit::config);
  CHECK(failure.hint().find("--direct 192.0.2.2/32") != std::string::npos);
  auto mended = words;
  mended.insert(mended.end(), {"--direct", "192.0.2.2/32"});
  CHECK(CommandLine{mended}.invocation().config.destinations.size() == 1);
}

TEST_CASE("cli: destinations from a file are sorted, without duplicates and comments") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.write("destinations",
                                        "# partners\r\n\r\n198.51.100.0/24\r\n\n"
                                        "192.0.2.7 # one\n192.0.2.7/32,198.51.100.0/24");
  CHECK(CommandLine{{"--destinations-file", path}}.invocation().config.destinations ==
        std::vector{*core::Prefix::parse("192.0.2.7"), *core::Prefix::parse("198.51.100.0/24")});
  for (const std::string text : {"", "# nobody\n", "\r\n \t\n", "192.0.2.0/24\nname.example\n"}) {
    CAPTURE(text);
    const std::string wrong = folder.write("wrong", text);
    CHECK(CommandLine{{"--destinations-file", wrong}}.failure().exit() == Exit::config);
  }
  const auto missing = CommandLine{{"--destinations-file", folder.path("nowhere")}}.failure();
  CHECK(missing.exit() == Exit::config);
  CHECK(names(missing, "nowhere"));
}
