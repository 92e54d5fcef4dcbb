// SPDX-License-Identifier: Apache-2.0
#include "app/cli/help.hpp"

#include "app/cli/options.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <array>

namespace app {
namespace {

constexpr std::string_view options_title =
    "\nOptions (each also from the variable that the man page names, or from the --config file):\n";

struct Words {
  Command command;
  std::string_view about;
  std::string_view example;
};

constexpr std::array words = {
    Words{Command::reconcile,
          "Gives this droplet a static outbound address: claims a free floating IP of the pool,\n"
          "makes traffic leave by it, labels the Node. One run, safe to repeat.\n",
          "  do-egress-ip --match-string egress --floating-ips 198.51.100.7,198.51.100.8 \\\n"
          "    --token-file /etc/do-egress-ip/token --dry-run\n"},
    Words{Command::status,
          "Says by which address this droplet leaves, and everything that is not as it should be.\n"
          "Changes nothing. Exit 0: all is well; 2: something is to be repaired.\n",
          "  do-egress-ip status --match-string egress --floating-ips 198.51.100.7 --local\n"},
    Words{Command::doctor,
          "Looks for everything that is known to go wrong, and names it with its remedy. Changes\n"
          "nothing, and goes on where something cannot be found out. Exit 0: no problem.\n",
          "  do-egress-ip doctor --match-string egress --floating-ips 198.51.100.7 \\\n"
          "    --token-file /etc/do-egress-ip/token\n"},
    Words{Command::release,
          "Undoes all that reconcile did on this droplet: labels false, the default route as it "
          "was,\n"
          "rules and routes gone, the address unassigned, its Lease deleted. Safe to repeat.\n",
          "  do-egress-ip release --match-string egress --floating-ips 198.51.100.7 \\\n"
          "    --token-file /etc/do-egress-ip/token --dry-run\n"},
    Words{Command::pool,
          "Lists the addresses of the pool: region, who holds each, how many are left. Changes\n"
          "nothing, and runs anywhere: it needs the token, not a droplet.\n",
          "  do-egress-ip pool --floating-ips 198.51.100.7,198.51.100.8 --token-file token\n"},
};

std::string usage(const CommandFacts& command) {
  if (command.command != Command::reconcile) {
    return fmt::format("Usage: do-egress-ip {} [options]\n\n", command.name);
  }
  std::string text = "Usage: do-egress-ip [COMMAND] [options]\n\n";
  for (const CommandFacts& facts : commands()) {
    text += fmt::format("  {:<10} {}\n", facts.name, facts.help);
  }
  return text + "\n";
}

std::string line(std::string_view letter, std::string_view name, std::string_view value,
                 std::string_view help) {
  const std::string spelled = fmt::format("{}--{}{}{}", letter.empty() ? "    " : "", name,
                                          value.empty() ? "" : " ", value);
  const std::string first = letter.empty() ? spelled : fmt::format("-{}, {}", letter, spelled);
  return fmt::format("  {:<32} {}\n", first, help);
}

std::string exit_codes() {
  std::string text;
  std::string row = " ";
  for (const core::ExitFacts& facts : core::exit_table()) {
    const std::string entry = fmt::format(" {} {},", static_cast<int>(facts.exit), facts.name);
    if (row.size() + entry.size() > 96) {
      text += row + "\n";
      row = " ";
    }
    row += entry;
  }
  row.pop_back();
  return text + row + "\n";
}

}  // namespace

std::string render_help(const CommandFacts& command) {
  const Words& said = *std::ranges::find(words, command.command, &Words::command);
  std::string text = usage(command) + std::string(said.about) + std::string(options_title);
  for (const Option& option : options()) {
    if ((option.commands & in(command.command)) == 0) {
      continue;
    }
    const std::string initial = option.initial.empty() ? "" : fmt::format(" [{}]", option.initial);
    text += line(option.letter, option.name, option.value, std::string(option.help) + initial);
  }
  text += line("", "config", "F", "read options from a TOML file of the same names");
  text += line("h", "help", "", "print this");
  text += line("", "version", "", "print the version");
  return text.append("\nExample:\n").append(said.example).append("\nExit codes:\n") + exit_codes();
}

}  // namespace app
