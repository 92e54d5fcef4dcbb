// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"
#include "unit/command_line.hpp"
#include "unit/temporary_folder.hpp"

using core::Exit;
using unit::CommandLine;

// The configuration file is TOML 1.0: values as written, mistakes with line and column.

namespace {

const std::string complete = "match-string = \"web\"\nfloating-ips = [\"198.51.100.8\"]\n";

CommandLine with_file(const std::string& path) {
  return {.arguments = {"--config", path}, .variables = {}};
}

std::vector<core::Ipv4> pool_in(const std::string& text) {
  const unit::TemporaryFolder folder;
  return with_file(folder.write("c.toml", "match-string = 'web'\n" + text))
      .invocation()
      .config.pool;
}

core::Match match_in(const std::string& text) {
  const unit::TemporaryFolder folder;
  const std::string pool = "floating-ips = '198.51.100.8'\n";
  return with_file(folder.write("c.toml", pool + text)).invocation().match;
}

struct Mistake {
  std::string text;
  std::string place;  // line and column
  std::string says;
};

const std::vector<Mistake> mistakes = {
    {"timeout = \"2m\nroute = 'none'\n", ":1:14: ", "cannot parse"},
    {"timeout = \"1m\"\ntimeout = \"2m\"\n", ":2:", "timeout"},
    {"timeout\n", ":1:", "cannot parse"},
    {"timeout =\n", ":1:", "cannot parse"},
    {"timeout = 2m\n", ":1:", "cannot parse"},
    {"= 5\n", ":1:1: ", "cannot parse"},
    {"direct = [\"192.0.2.0/24\"\n", ":1:", "cannot parse"},
    {"node-name = \"\xff\"\n", ":1:", "cannot parse"},
    {"[[[\n", ":1:", "cannot parse"},
    {"floating_ips = \"198.51.100.7\"\n", ":1:1: ", "\"floating_ips\" is not an option"},
    {"\n\n  frobnicate = 1\n", ":3:3: ", "\"frobnicate\" is not an option"},
    {"[reconcile]\ntimeout = \"5s\"\n", ":1:", "\"reconcile\" is not an option"},
    {"[timeout]\nvalue = 1\n", ":1:1: ", "the value must be a text in quotes"},
    {"[[direct]]\nnetwork = '192.0.2.0/24'\n", ":1:1: ", "the value must be a text in quotes, or"},
    {"a. = 1\n", ":1:", "cannot parse"},
    {"a.b.c = 1\n", ":1:", "\"a\" is not an option"},
    {"config = \"x\"\n", ":1:1: ", "\"config\" is not an option"},
    {"help = true\n", ":1:1: ", "\"help\" is not an option"},
    {"timeout = 5\n", ":1:11: ", "the value must be a text in quotes"},
    {"timeout = [\"5s\"]\n", ":1:11: ", "the value must be a text in quotes"},
    {"timeout = 2026-11-27\n", ":1:11: ", "the value must be a text in quotes"},
    {"node-name = true\n", ":1:13: ", "the value must be a text in quotes"},
    {"dry-run = \"true\"\n", ":1:11: ", "the value must be true or false, without quotes"},
    {"dry-run = 1\n", ":1:11: ", "the value must be true or false, without quotes"},
    {"ok-codes = [10, 7.5]\n", ":1:17: ", "the value must be a number, or a list of them"},
    {"direct = [\n  \"192.0.2.0/24\",\n  [\"192.0.2.0/24\"]\n]\n", ":3:3: ", "the value must be"},
    {"direct = [\n  \"192.0.2.0/24\",\n  5,\n]\n", ":3:3: ", "the value must be"},
    {"\ntimeout = \"5\"\n", ":2:11: ", "\"5\" is not a duration"},
    {"ok-codes = [1]\n", ":1:12: ", "\"1\" is not an exit code"},
};

}  // namespace

TEST_CASE("config: list of addresses with comments over several lines, is read completely") {
  const std::vector both = {support::first_choice, support::second_choice};
  CHECK(pool_in("floating-ips = [\"198.51.100.8\", \"198.51.100.9\"]\n") == both);
  CHECK(pool_in("floating-ips = [\n  \"198.51.100.8\",\n  # \"198.51.100.7\",\n"
                "  \"198.51.100.9\", # the second\n]\n") == both);
  CHECK(pool_in("floating-ips =   [\n\n'198.51.100.8'\n,\n'198.51.100.9'] # both\n") == both);
  CHECK(pool_in("floating-ips = \"198.51.100.8, 198.51.100.9\"\n") == both);
  CHECK(pool_in("floating-ips = \"\"\"\n198.51.100.8\n198.51.100.9\n\"\"\"\n") == both);
  CHECK(pool_in("\"floating-ips\" = [\"198.51.100.8\\u002c198.51.100.9\"]\r\n") == both);
}

TEST_CASE("config: escapes, literal strings and a quoted #, are read as TOML defines") {
  CHECK(match_in("match-regex = \"on\\\\w\"\n").pattern == "on\\w");
  CHECK(match_in("match-regex = 'on\\w'\n").pattern == "on\\w");
  CHECK(match_in("match-regex = \"a#b\"  # not c\n").pattern == "a#b");
  CHECK(match_in("match-regex = 'a=[bc]'\n").pattern == "a=[bc]");
  const unit::TemporaryFolder folder;
  const std::string marked = "\xEF\xBB\xBF" + complete;
  CHECK(with_file(folder.write("c.toml", marked)).invocation().match.pattern == "web");
}

TEST_CASE("config: lists, numbers and switches, keep their types") {
  const unit::TemporaryFolder folder;
  const auto asked = with_file(folder.write("c.toml", complete + "direct = []\nverify-url = []\n"
                                                                 "ok-codes = [10, 75]\n"
                                                                 "dry-run = true\n"
                                                                 "detailed-exitcode = false\n"))
                         .invocation();
  CHECK(asked.config.direct.empty());
  CHECK(asked.config.verify_urls.empty());
  CHECK(asked.ok_codes == std::set{Exit::pool_exhausted, Exit::try_again});
  CHECK(asked.writes == app::Writes::none);
  CHECK_FALSE(asked.detailed_exitcode);
}

TEST_CASE("config: every mistake, is refused with file, line and column") {
  const unit::TemporaryFolder folder;
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.text);
    const std::string path = folder.write("c.toml", mistake.text);
    CommandLine line;
    line.arguments = {"--config", path};
    const auto failure = line.failure();
    CHECK(failure.exit() == Exit::config);
    const std::string message = failure.what();
    CHECK_MESSAGE(message.find(path + mistake.place) != std::string::npos, message);
    CHECK_MESSAGE(message.find(mistake.says) != std::string::npos, message);
  }
}

TEST_CASE("config: empty pool, is refused") {
  const unit::TemporaryFolder folder;
  const auto failure =
      with_file(folder.write("c.toml", "match-string = 'a'\nfloating-ips = []\n")).failure();
  CHECK(failure.exit() == Exit::config);
  CHECK(std::string(failure.what()).find("the pool is empty") != std::string::npos);
}

TEST_CASE("config: mistyped option, suggests the nearest one") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  line.arguments = {"--config", folder.write("c.toml", "floating_ips = ['198.51.100.7']\n")};
  CHECK(line.failure().hint() == "did you mean floating-ips?");
}

TEST_CASE("config: unreadable file, is refused with the cause in every command") {
  const unit::TemporaryFolder folder;
  for (const app::CommandFacts& command : app::commands()) {
    for (const std::string& path :
         {folder.path("none"), std::string("/"), std::string("/dev/zero")}) {
      CommandLine line;
      line.arguments = {std::string(command.name), "--config", path};
      CHECK(line.failure().exit() == Exit::config);
      CHECK(std::string(line.failure().what()).find(path) != std::string::npos);
    }
  }
}

TEST_CASE("config: empty --config reads no file, an empty variable is ignored") {
  const unit::TemporaryFolder folder;
  CommandLine line;
  line.variables["DO_EGRESS_IP_CONFIG"] = folder.path("none");
  CHECK(line.failure().exit() == Exit::config);
  line.arguments = {"--config", ""};
  CHECK(line.invocation().match.pattern == "egress");
  line.arguments = {"--config="};
  CHECK(line.invocation().match.pattern == "egress");
  line.arguments = {};
  line.variables["DO_EGRESS_IP_CONFIG"] = "";
  CHECK(line.invocation().match.pattern == "egress");
}
