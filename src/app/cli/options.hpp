// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// Where a value came from; the lower wins.
enum class Source { flag, environment, file };

// The values of one option, all from one place.
struct Given {
  std::vector<std::string> values = {};
  Source source = Source::flag;
  std::string origin = {};  // "--timeout", "DO_EGRESS_IP_TIMEOUT", "timeout in FILE:3:11"
};

// What the options say, before what follows from all of them together.
struct Draft {
  Invocation asked = {.name_space = ""};
  Given match = {};
  std::string token_file = {};
  enum class Kubernetes { automatic, on, off } kubernetes = Kubernetes::automatic;
  Access cluster = {};
  std::string kube_token_file = {};
};

// Which commands take an option: a set of these.
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
  std::string_view value;  // how help calls it; empty: a switch
  std::string_view help;
  void (*set)(Draft& draft, const Given& given);  // throws Error; null: on the command line only
  std::string_view initial = {};                  // the default, for people
  std::string_view letter = {};                   // "o" for -o
  bool repeatable = false;                        // several times; one text separates by comma
  bool numeric = false;                           // the file may give numbers
  std::string_view instead_of = {};               // the option that says the same in another way
  std::vector<std::string> environment = {};      // the first that is set wins
};

// Every option: the command line, the environment, the configuration file and --help follow this
// table, and the tests hold the man page against it.
std::span<const Option> options();

// The option of that name; none: null.
const Option* find_option(std::string_view name);

// "did you mean NAME?", for the one of `names` that a mistyped `text` may stand for; else empty.
std::string suggest(std::string_view text, const std::vector<std::string>& names);

}  // namespace app
