// SPDX-License-Identifier: Apache-2.0
// The option table and the exit table define the program. The man page, --help and README.md must
// say the same, completely.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN

#include "app/cli/help.hpp"
#include "app/cli/options.hpp"
#include "app/report/metrics.hpp"
#include "core/error.hpp"
#include "io/file.hpp"
#include "manual.hpp"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <regex>
#include <set>

namespace {

using Names = std::set<std::string>;

// Environment variables that are not options.
const Names general_variables = {
    "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DO_TOKEN", "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",   "https_proxy",        "no_proxy",
};

const std::vector<docs::Section>& manual() {
  static const auto parsed = docs::parse_manual(io::read_file(MANUAL_PATH));
  return parsed;
}

Names known_options() {
  Names names;
  for (const app::Option& option : app::options()) {
    names.emplace(option.name);
  }
  return names;
}

// "-o,--outputtext|json": the man page's heading of an option without white space.
std::string head_of(const app::Option& option) {
  return fmt::format("{}--{}{}", option.letter.empty() ? "" : fmt::format("-{},", option.letter),
                     option.name, option.value);
}

const docs::Entry* find_entry(const std::string& section, const std::string& head) {
  const auto& entries = docs::section(manual(), section).entries;
  const auto found = std::ranges::find(entries, head, &docs::Entry::head);
  return found == entries.end() ? nullptr : &*found;
}

Names matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

Names difference(const Names& left, const Names& right) {
  Names rest;
  std::ranges::set_difference(left, right, std::inserter(rest, rest.begin()));
  return rest;
}

std::string listed(const Names& names) {
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace

TEST_CASE("man page: every option, is described with letter, value, variables and default") {
  for (const app::Option& option : app::options()) {
    CAPTURE(std::string(option.name));
    const docs::Entry* entry = find_entry("OPTIONS", head_of(option));
    REQUIRE(entry != nullptr);
    if (!option.environment.empty()) {
      const std::string variables =
          fmt::format("Environment: {}.", fmt::join(option.environment, ", "));
      CHECK_MESSAGE(entry->text.ends_with(variables), entry->text);
    }
    if (option.initial.empty()) {
      CHECK_MESSAGE(entry->text.find("default is") == std::string::npos, entry->text);
    } else {
      const std::string initial = fmt::format("The default is {}", option.initial);
      CHECK_MESSAGE(entry->text.find(initial) != std::string::npos, entry->text);
    }
    if (option.repeatable) {
      CHECK_MESSAGE(entry->text.find("more than once") != std::string::npos, entry->text);
    }
  }
}

TEST_CASE("man page: unknown option, is not mentioned") {
  CHECK(docs::section(manual(), "OPTIONS").entries.size() == app::options().size());
  const Names mentioned = matches(io::read_file(MANUAL_PATH), "(?:Fl -|[,|] -|--)([a-z][a-z-]+)");
  CHECK(listed(difference(mentioned, known_options())) == "");
}

TEST_CASE("man page: every environment variable, is described, and no other") {
  Names known = general_variables;
  for (const app::Option& option : app::options()) {
    known.insert(option.environment.begin(), option.environment.end());
  }
  Names mentioned;
  for (const docs::Section& section : manual()) {
    for (const docs::Entry& entry : section.entries) {
      mentioned.insert(entry.variables.begin(), entry.variables.end());
    }
  }
  CHECK(listed(mentioned) == listed(known));

  Names beside;
  for (const docs::Entry& entry : docs::section(manual(), "ENVIRONMENT").entries) {
    beside.insert(entry.variables.begin(), entry.variables.end());
  }
  CHECK(listed(beside) == listed(general_variables));
}

TEST_CASE("man page: every exit code, is described in order, and no other") {
  std::vector<std::string> wanted;
  for (const core::ExitFacts& facts : core::exit_table()) {
    wanted.push_back(fmt::format("{}{}", static_cast<int>(facts.exit), facts.name));
  }
  std::vector<std::string> heads;
  for (const docs::Entry& entry : docs::section(manual(), "EXIT STATUS").entries) {
    heads.push_back(entry.head);
    CHECK_MESSAGE(!entry.text.empty(), entry.head);
  }
  CHECK(fmt::format("{}", fmt::join(heads, " ")) == fmt::format("{}", fmt::join(wanted, " ")));
}

TEST_CASE("man page: retry column and unknown codes, are described") {
  std::vector<int> worthwhile;
  for (const core::ExitFacts& facts : core::exit_table()) {
    if (facts.retry) {
      worthwhile.push_back(static_cast<int>(facts.exit));
    }
  }
  const int last = worthwhile.back();
  worthwhile.pop_back();
  const std::string& text = docs::section(manual(), "EXIT STATUS").text;
  const std::string codes = fmt::format("after {} and {};", fmt::join(worthwhile, ", "), last);
  CHECK_MESSAGE(text.find(codes) != std::string::npos, text);
  CHECK(text.starts_with(
      "Treat codes not listed here as failures. A code never changes its meaning."));
}

TEST_CASE("man page: every metric, is described, and no other") {
  Names heads;
  for (const docs::Entry& entry : docs::section(manual(), "METRICS").entries) {
    heads.insert(entry.head);
    CHECK_MESSAGE(!entry.text.empty(), entry.head);
  }
  CHECK(listed(heads) == listed(matches(app::render_metrics({}, {}, {}), "# TYPE ([a-z_]+)")));
}

TEST_CASE("--help: every option and exit code, is described") {
  for (const app::CommandFacts& command : app::commands()) {
    // One entry's wrapped lines as one.
    const std::string help =
        std::regex_replace(app::render_help(command), std::regex("\n {20,}"), " ");
    for (const app::Option& option : app::options()) {
      const bool taken = (option.commands & app::in(command.command)) != 0;
      const std::string letter =
          option.letter.empty() ? "\n      " : fmt::format("\n  -{}, ", option.letter);
      const std::string value = option.value.empty() ? "" : fmt::format(" {}", option.value);
      const auto at = help.find(fmt::format("{}--{}{} ", letter, option.name, value));
      CHECK((at != std::string::npos) == taken);
      if (!taken) {
        continue;
      }
      std::string wanted(option.help);
      wanted += option.initial.empty() ? "" : fmt::format(" (default: {})", option.initial);
      for (const std::string& variable : option.environment) {
        wanted += fmt::format(" [${}]", variable);
      }
      const std::string line = help.substr(at, help.find('\n', at + 1) - at);
      CHECK_MESSAGE(line.ends_with(wanted), line);
    }
    for (const core::ExitFacts& facts : core::exit_table()) {
      const std::regex code(fmt::format("\n *{} {} +", static_cast<int>(facts.exit), facts.name));
      CHECK(std::regex_search(help, code));
      CHECK(help.find(facts.meaning) != std::string::npos);
    }
    CHECK(listed(difference(matches(help, "--([a-z][a-z-]+)"), known_options())) == "");
  }
}

TEST_CASE("README: at most 160 lines, existing options, exit codes with their names") {
  const std::string readme = io::read_file(README_PATH);
  CHECK(std::ranges::count(readme, '\n') <= 160);

  Names options = known_options();
  // Options of doctl, kubectl, helm and systemctl.
  for (const char* other :
       {"count", "from-file", "name", "now", "region", "set", "size", "taint"}) {
    options.insert(other);
  }
  CHECK(listed(difference(matches(readme, "--([a-z][a-z-]+)"), options)) == "");

  Names known;
  for (const core::ExitFacts& facts : core::exit_table()) {
    known.insert(fmt::format("{}` ({})", facts.name, static_cast<int>(facts.exit)));
  }
  const Names named = matches(readme, "`([a-z-]+` \\([0-9]+\\))");
  CHECK(named.size() >= 5);
  CHECK(listed(difference(named, known)) == "");
}
