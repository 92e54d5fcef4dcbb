// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"

#include "app/cli/help.hpp"
#include "app/cli/options.hpp"
#include "app/cli/resolve.hpp"
#include "app/cli/setters.hpp"
#include "core/redact.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <map>

namespace app {
namespace {

using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

// What stands on the command line, as text.
struct Arguments {
  std::string command = "reconcile";
  std::string config = {};
  bool help = false;
  bool version = false;
  Values values = {};
};

std::string spelling(const Option& option) {
  const std::string name = fmt::format("--{}", option.name);
  return option.letter.empty() ? name : fmt::format("-{},{}", option.letter, name);
}

void declare(CLI::App& parser, Arguments& arguments) {
  parser.set_help_flag();
  parser.add_flag("-h,--help", arguments.help);
  parser.add_flag("--version", arguments.version);
  parser.add_option("--config", arguments.config)->expected(1);
  parser.add_option("command", arguments.command);
  for (const Option& option : options()) {
    auto& values = arguments.values[std::string(option.name)];
    if (option.value.empty()) {
      parser.add_flag(spelling(option), values)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      continue;
    }
    auto* declared = parser.add_option(spelling(option), values);
    declared->expected(1)->allow_extra_args(false);
    declared->multi_option_policy(option.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                    : CLI::MultiOptionPolicy::Throw);
  }
}

// Every process can read a command line.
void require_no_token(const std::vector<std::string>& given) {
  if (std::ranges::any_of(given, core::holds_token)) {
    throw core::Error(core::Exit::usage, "there is a token on the command line")
        .with_hint(
            "put it in a file and name that with --token-file; others may have seen this one, so "
            "revoke it");
  }
}

Arguments read_arguments(const std::vector<std::string>& given) {
  require_no_token(given);
  Arguments arguments;
  CLI::App parser;
  declare(parser, arguments);
  std::vector<std::string> reversed(given.rbegin(), given.rend());  // as CLI11 wants them
  try {
    parser.parse(reversed);
  } catch (const CLI::ParseError& error) {
    throw core::Error(core::Exit::usage, "{}", error.what()).with_hint("see do-egress-ip --help");
  }
  return arguments;
}

// The options in a TOML file: the same names, without sections.
Values read_config_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw core::Error(core::Exit::config, "--config: cannot read \"{}\"", path);
  }
  Values values;
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    throw core::Error(core::Exit::config, "{}: {}", path, error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    const auto known = std::ranges::find(options(), std::string_view(item.name), &Option::name);
    if (!item.parents.empty() || known == options().end()) {
      throw core::Error(core::Exit::config, "{}: \"{}\" is not an option", path, item.fullname())
          .with_hint("the names are those of the command line, without the dashes");
    }
    values[item.name] = item.inputs;
  }
  return values;
}

std::optional<Given> from_environment(const Option& option, const Environment& environment) {
  for (const std::string_view name : option.environment) {
    const auto value = environment(std::string(name));
    if (value && !value->empty()) {
      return Given{{*value}, Source::environment, std::string(name)};
    }
  }
  return std::nullopt;
}

// Every place that gives the option, the best first.
std::vector<Given> places(const Option& option, const Values& flags, const Environment& environment,
                          const Values& file, const std::string& path) {
  std::vector<Given> found;
  if (const auto flag = flags.find(option.name); flag != flags.end() && !flag->second.empty()) {
    found.push_back({flag->second, Source::flag, fmt::format("--{}", option.name)});
  }
  if (const auto variable = from_environment(option, environment)) {
    found.push_back(*variable);
  }
  if (const auto entry = file.find(option.name); entry != file.end()) {
    found.push_back({entry->second, Source::file, fmt::format("{} in {}", option.name, path)});
  }
  return found;
}

const CommandFacts& command_named(const std::string& name) {
  const auto found = std::ranges::find(commands(), name, &CommandFacts::name);
  if (found == commands().end()) {
    std::string names;
    for (const CommandFacts& facts : commands()) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", facts.name);
    }
    throw core::Error(core::Exit::usage, "\"{}\" is not a command; expected one of {}", name, names)
        .with_hint("see do-egress-ip --help");
  }
  return *found;
}

// What the environment and the file say for other commands is theirs; on the command line it is a
// mistake.
void require_taken(const Option& option, const Given& given, const CommandFacts& command) {
  if (given.source == Source::flag) {
    throw core::Error(core::Exit::usage, "--{} is not an option of {}", option.name, command.name)
        .with_hint(fmt::format("see do-egress-ip {} --help", command.name));
  }
}

}  // namespace

std::variant<Invocation, Answer> parse_command_line(const std::vector<std::string>& arguments,
                                                    const Environment& environment) {
  const Arguments given = read_arguments(arguments);
  if (given.version) {
    return Answer{"do-egress-ip " DO_EGRESS_IP_VERSION "\n"};
  }
  const CommandFacts& command = command_named(given.command);
  if (given.help) {
    return Answer{render_help(command)};
  }
  const std::string path =
      given.config.empty() ? environment("DO_EGRESS_IP_CONFIG").value_or("") : given.config;
  const Values file = path.empty() ? Values{} : read_config_file(path);
  Draft draft;
  draft.invocation.command = command.command;
  for (const Option& option : options()) {
    const auto found = places(option, given.values, environment, file, path);
    if (found.empty()) {
      continue;
    }
    if ((option.commands & in(command.command)) == 0) {
      require_taken(option, found.front(), command);
      continue;
    }
    option.set(draft, found.front());
  }
  return resolve(std::move(draft), environment);
}

}  // namespace app
