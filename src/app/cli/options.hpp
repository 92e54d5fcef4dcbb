// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// Where a value came from, in order of precedence.
enum class Source { flag, environment, file };

// The values of one option, all from one source.
struct Given {
  std::vector<std::string> values = {};
  Source source = Source::flag;
  std::string origin = {};  // "--timeout", "DO_EGRESS_IP_TIMEOUT", "timeout in FILE:3:11"
};

// The options as given, before resolve() completes them.
struct Draft {
  Invocation asked = {.name_space = ""};
  Given match = {};
  bool only_matching = false;
  std::string token_file = {};
  enum class Kubernetes { automatic, on, off } kubernetes = Kubernetes::automatic;
  Access cluster = {};
  std::string kube_token_file = {};
};

// A set of commands, as bits.
using Commands = unsigned;
constexpr Commands in(Command command) {
  return 1U << static_cast<unsigned>(command);
}

struct CommandFacts {
  Command command;
  std::string_view name;
  std::string_view help;  // one line
  std::string_view about;
  std::string_view example;
};
std::span<const CommandFacts> commands();
const CommandFacts& facts_of(Command command);

// The headings of --help and of OPTIONS in the man page.
enum class Group { task, digitalocean, kubernetes, output, general };

struct Option {
  Group group;
  Commands commands;
  std::string_view name;   // without the dashes
  std::string_view value;  // the placeholder in --help; empty for a switch
  std::string_view help;
  void (*set)(Draft& draft,
              const Given& given);   // throws Error; null for options of the command line only
  std::string_view initial = {};     // the default, as --help shows it
  std::string_view letter = {};      // "o" for -o
  bool repeatable = false;           // may be given several times, or as one text with commas
  bool numeric = false;              // the file may contain numbers
  std::string_view instead_of = {};  // the option with the same meaning
  std::vector<std::string> environment = {};  // variables in order of precedence
};

// All options. The command line, the environment, the configuration file and --help follow this
// table, and the tests compare the man page with it.
std::span<const Option> options();

// The option of that name; nullptr if there is none.
const Option* find_option(std::string_view name);

// Returns "did you mean NAME?" if one of `names` is close to the mistyped `text`, else nothing.
std::string suggest(std::string_view text, const std::vector<std::string>& names);

}  // namespace app
