// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/networkd.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

namespace core {
namespace {

constexpr std::string_view blank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(blank);
  if (start == std::string_view::npos) {
    return {};
  }
  return text.substr(start, text.find_last_not_of(blank) - start + 1);
}

// parse_boolean() of systemd; what is neither is ignored there.
std::optional<bool> boolean(std::string_view value) {
  constexpr std::array yes = {"1", "yes", "y", "true", "t", "on"};
  constexpr std::array no = {"0", "no", "n", "false", "f", "off"};
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  });
  if (std::ranges::find(yes, lower) != yes.end()) {
    return true;
  }
  return std::ranges::find(no, lower) != no.end() ? std::optional(false) : std::nullopt;
}

void take(Networkd& settings, std::string_view line) {
  const auto sign = line.find('=');
  if (sign == std::string_view::npos) {
    return;
  }
  const std::string_view key = trimmed(line.substr(0, sign));
  const auto value = boolean(trimmed(line.substr(sign + 1)));
  if (!value) {
    return;
  }
  if (key == "ManageForeignRoutes") {
    settings.manages_routes = *value;
  } else if (key == "ManageForeignRoutingPolicyRules") {
    settings.manages_rules = *value;
  }
}

void read(Networkd& settings, std::string_view text) {
  bool in_section = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      continue;
    }
    if (line.front() == '[') {
      in_section = line == "[Network]";
    } else if (in_section) {
      take(settings, line);
    }
  }
}

using DropIns = std::map<std::string, std::string>;  // by name

// Of one that is in several folders the first counts.
void add_drop_ins(DropIns& drop_ins, const NetworkdFolder& folder) {
  for (const std::string& name : folder.drop_ins) {
    if (name.ends_with(".conf")) {
      drop_ins.emplace(name, folder.path + "/networkd.conf.d/" + name);
    }
  }
}

}  // namespace

Networkd read_networkd(const std::vector<NetworkdFile>& files) {
  Networkd settings{.presence = Networkd::Presence::running};
  for (const NetworkdFile& file : files) {
    read(settings, file.text);
  }
  return settings;
}

std::vector<std::string> networkd_paths(const std::vector<NetworkdFolder>& folders) {
  std::vector<std::string> paths;
  const auto main = std::ranges::find(folders, true, &NetworkdFolder::has_main);
  if (main != folders.end()) {
    paths.push_back(main->path + "/networkd.conf");
  }
  DropIns drop_ins;
  for (const NetworkdFolder& folder : folders) {
    add_drop_ins(drop_ins, folder);
  }
  for (const auto& [name, path] : drop_ins) {
    paths.push_back(path);
  }
  return paths;
}

}  // namespace core
