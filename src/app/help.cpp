// SPDX-License-Identifier: Apache-2.0
#include "app/help.hpp"

#include "app/options.hpp"
#include "core/error.hpp"

namespace app {
namespace {

constexpr std::string_view opening =
    "Usage: do-egress-ip [reconcile] [options]\n"
    "\n"
    "Gives this droplet a static outbound address: claims a free floating IP of the pool, makes\n"
    "traffic leave by it, labels the Node. One run, safe to repeat.\n"
    "\n"
    "Options (each also from the variable that the man page names, or from the --config file):\n";

constexpr std::string_view example =
    "\n"
    "Example:\n"
    "  do-egress-ip --match-string egress --floating-ips 198.51.100.7,198.51.100.8 \\\n"
    "    --token-file /etc/do-egress-ip/token --dry-run\n"
    "\n"
    "Exit codes:\n";

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

std::string render_help() {
  std::string text{opening};
  for (const Option& option : options()) {
    const std::string initial = option.initial.empty() ? "" : fmt::format(" [{}]", option.initial);
    text += line(option.letter, option.name, option.value, std::string(option.help) + initial);
  }
  text += line("", "config", "F", "read options from a TOML file of the same names");
  text += line("h", "help", "", "print this");
  text += line("", "version", "", "print the version");
  return text.append(example).append(exit_codes());
}

}  // namespace app
