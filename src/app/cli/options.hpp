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
  std::string origin = {};  // "--timeout", "DO_EGRESS_IP_TIMEOUT", "timeout in /etc/…": for people
};

// An option that two options can give, like the pool. The one from the better source wins; both
// from the same are a contradiction.
template <typename Value>
struct Either {
  std::optional<Value> value = {};
  Given given = {};
};

// What the options say, before what follows from all of them together.
struct Draft {
  Invocation invocation = {};
  Either<core::Match> match = {};
  Either<std::vector<core::Ipv4>> pool = {};
  std::string token_file = {};
  enum class Kubernetes { automatic, on, off } kubernetes = Kubernetes::automatic;
  Access kubernetes_access = {};
  std::string kube_token_file = {};
  std::string name_space = {};
  std::string termination_log = {};
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
};
std::span<const CommandFacts> commands();

struct Option {
  Commands commands;
  std::string_view name;                      // without the dashes
  std::string_view letter;                    // "o" for -o; empty: none
  std::string_view value;                     // how help calls it; empty: a switch
  std::vector<std::string_view> environment;  // the first that is set wins
  std::string_view initial;                   // the default, for people
  std::string_view help;
  bool repeatable;                                // several times; one text separates by comma
  void (*set)(Draft& draft, const Given& given);  // throws Error naming option, value, expectation
};

// Every option: the command line, the environment, the configuration file, --help and the man page
// all follow this table.
std::span<const Option> options();

}  // namespace app
