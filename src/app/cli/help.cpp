// SPDX-License-Identifier: Apache-2.0
#include "app/cli/help.hpp"

#include <array>
#include <optional>
#include <sstream>

namespace app {
namespace {

constexpr std::size_t columns = 80;

// Wraps `text` into the column `from` and beyond, with `left` before its first line.
std::string wrap(std::string_view left, const std::string& text, std::size_t from) {
  std::string result;
  std::string line = fmt::format("{:<{}}", left, from - 1);
  if (line.size() >= from) {
    result = line + "\n";
    line = std::string(from - 1, ' ');
  }
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    if (line.size() + 1 + word.size() > columns && line.size() > from) {
      result += line + "\n";
      line = std::string(from - 1, ' ');
    }
    line += " " + word;
  }
  return result + line + "\n";
}

std::string usage(const CommandFacts& command) {
  if (command.command != Command::reconcile) {
    return fmt::format("Usage: do-egress-ip {} [options]\n\n", command.name);
  }
  std::string text = "Usage: do-egress-ip [COMMAND] [options]\n\n";
  for (const CommandFacts& facts : commands()) {
    text += fmt::format("  {:<15} {}\n", facts.name, facts.help);
  }
  return text +
         "  help [COMMAND]  print this help, or the help of a command\n"
         "  version         print the version\n\n";
}

std::string describe(const Option& option) {
  const std::string letter = option.letter.empty() ? "    " : fmt::format("-{}, ", option.letter);
  const std::string first = fmt::format("  {}--{}{}{}", letter, option.name,
                                        option.value.empty() ? "" : " ", option.value);
  std::string text(option.help);
  if (!option.initial.empty()) {
    text += fmt::format(" (default: {})", option.initial);
  }
  for (const std::string& variable : option.environment) {
    text += fmt::format(" [${}]", variable);
  }
  return wrap(first, text, 33);
}

}  // namespace

std::string render_help(const CommandFacts& command) {
  constexpr std::array titles = {"What to do", "DigitalOcean", "Kubernetes", "Output", "General"};
  std::string text = usage(command) + std::string(command.about);
  std::optional<Group> group;
  for (const Option& option : options()) {
    if ((option.commands & in(command.command)) == 0) {
      continue;
    }
    if (group != option.group) {
      group = option.group;
      text += fmt::format("\n{}:\n", titles.at(static_cast<std::size_t>(*group)));
    }
    text += describe(option);
  }
  text.append("\nExample:\n").append(command.example).append("\nExit codes:\n");
  for (const core::ExitFacts& facts : core::exit_table()) {
    text += wrap(fmt::format("  {:>3} {}", static_cast<int>(facts.exit), facts.name),
                 std::string(facts.meaning), 22);
  }
  return text;
}

}  // namespace app
