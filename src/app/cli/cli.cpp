// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"

#include "app/cli/help.hpp"
#include "app/cli/resolve.hpp"
#include "app/cli/sources.hpp"
#include "app/cli/values.hpp"
#include "core/text.hpp"
#include "io/file.hpp"

#include <algorithm>

namespace app {
namespace {

// Every process on the host can read a command line.
void refuse_token(const std::vector<std::string>& given) {
  if (std::ranges::any_of(given, core::has_token)) {
    throw core::Error(core::Exit::usage,
                      "cannot use a token on the command line: every process can read it")
        .with_hint("write it into a file, give --token-file FILE, and revoke this one");
  }
}

const CommandFacts& find_command(const std::string& name) {
  const auto found = std::ranges::find(commands(), name, &CommandFacts::name);
  if (found != commands().end()) {
    return *found;
  }
  std::vector<std::string> names;
  for (const CommandFacts& facts : commands()) {
    names.emplace_back(facts.name);
  }
  names.insert(names.end(), {"help", "version"});
  const std::string likely = suggest(name, names);
  throw core::Error(core::Exit::usage, "cannot run \"{}\": the commands are {}", name,
                    fmt::join(names, ", "))
      .with_hint(likely.empty() ? "run do-egress-ip --help" : likely);
}

// Returns the command, or the text of --help, --version, `help` or `version`.
std::variant<Command, Answer> find_task(const Arguments& line) {
  std::vector<std::string> words = line.words;
  const std::string first = words.empty() ? "" : words[0];
  const bool help = first == "help" || line.options.contains("help");
  if (!help && (first == "version" || line.options.contains("version"))) {
    return Answer{"do-egress-ip " DO_EGRESS_IP_VERSION "\n"};
  }
  if (line.mistake && !help) {
    throw core::Error(*line.mistake);
  }
  if (first == "help" || first == "version") {
    words.erase(words.begin());
  }
  const CommandFacts& command = words.empty() ? commands().front() : find_command(words[0]);
  if (help) {
    return Answer{render_help(command)};
  }
  if (words.size() > 1) {
    throw core::Error(core::Exit::usage, "cannot use \"{}\": only one command is expected",
                      words[1]);
  }
  return command.command;
}

std::string config_path(const Places& places) {
  const auto given = places.find(*find_option("config"));
  if (!given) {
    const std::string usual = "/etc/do-egress-ip/config.toml";
    return io::is_present(usual) ? usual : "";
  }
  return given->values.size() == 1 ? given->values[0] : take_one(*given);
}

// Whether a stronger source gives another option with the same meaning.
bool is_replaced(const Option& option, const Given& given, const Places& places) {
  for (const Option& other : options()) {
    if (other.name != option.instead_of && other.instead_of != option.name) {
      continue;
    }
    const auto rival = places.find(other);
    if (rival && rival->source == given.source) {
      const bool first = option.instead_of.empty();
      throw value_error(
          first ? *rival : given,
          fmt::format("it contradicts {}; give one of the two", (first ? given : *rival).origin));
    }
    return rival && rival->source < given.source;
  }
  return false;
}

void set(const Option& option, const Places& places, Draft& draft) {
  const auto given = places.find(option);
  if (!given || option.set == nullptr) {
    return;
  }
  const CommandFacts& command = facts_of(draft.asked.command);
  const bool taken = (option.commands & in(command.command)) != 0;
  if (!taken && given->source == Source::flag) {
    throw core::Error(core::Exit::usage, "cannot use --{}: it is not an option of {}", option.name,
                      command.name)
        .with_hint(fmt::format("run do-egress-ip {} --help", command.name));
  }
  // The environment and the file may also serve other commands, so only a flag is refused.
  if (taken && !is_replaced(option, *given, places)) {
    option.set(draft, *given);
  }
}

// Sets the output options and the node's name first, so that a refusal has the format that was
// asked for.
void set_output(const Places& places, Draft& draft) {
  draft.asked.config.node_name = io::host_name();
  const auto command =
      places.line.words.empty()
          ? commands().begin()
          : std::ranges::find(commands(), places.line.words[0], &CommandFacts::name);
  draft.asked.command = command == commands().end() ? Command::reconcile : command->command;
  for (const Option& option : options()) {
    const bool always = option.group == Group::output && (option.commands & in(Command::pool)) != 0;
    if (!always && option.name != "node-name") {
      continue;
    }
    core::catch_error_except_signals([&] { set(option, places, draft); });
  }
}

// All options that were given, those of other commands, too: a loop on this node may use them.
std::vector<Setting> list_settings(const Places& places) {
  std::vector<Setting> settings;
  for (const Option& option : options()) {
    if (const auto given = places.find(option)) {
      settings.push_back({std::string(option.name), given->values, given->origin});
    }
  }
  return settings;
}

std::optional<Answer> parse(const std::vector<std::string>& arguments, Places& places,
                            Draft& draft) {
  set_output(places, draft);
  refuse_token(arguments);
  const auto task = find_task(places.line);
  if (const auto* answer = std::get_if<Answer>(&task)) {
    return *answer;
  }
  draft.asked.command = std::get<Command>(task);
  if (const std::string path = config_path(places); !path.empty()) {
    ConfigFile file = read_config_file(path);
    places.file = std::move(file.settings);
    set_output(places, draft);
    if (file.mistake) {
      throw core::Error(*file.mistake);
    }
  }
  for (const Option& option : options()) {
    set(option, places, draft);
  }
  resolve(draft, places.environment);
  if (!draft.asked.bundle.empty()) {
    draft.asked.settings = list_settings(places);
  }
  return std::nullopt;
}

}  // namespace

std::variant<Invocation, Answer, Refusal> parse_command_line(
    const std::vector<std::string>& arguments, const Environment& environment) {
  Draft draft;
  draft.asked.termination_log = default_termination_log(environment);
  Places places{.line = read_arguments(arguments), .environment = environment};
  std::optional<Answer> answer;
  const auto failure = core::catch_error([&] { answer = parse(arguments, places, draft); });
  if (failure) {
    return Refusal{std::move(draft.asked), *failure};
  }
  return answer ? std::variant<Invocation, Answer, Refusal>(*answer) : std::move(draft.asked);
}

}  // namespace app
