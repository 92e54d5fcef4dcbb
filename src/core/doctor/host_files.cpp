// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/host_files.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>

namespace core {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto start = std::min(text.find_first_not_of(blank), text.size());
  text.remove_prefix(start);
  return text.substr(0, text.find_last_not_of(blank) + 1);
}

// The port of "00000000:0044"; nothing where the address is not 0.0.0.0 or ::.
std::optional<int> port_of_any(const std::string& socket) {
  int port = 0;
  const auto start = socket.find_first_not_of('0');
  if (start == std::string::npos || socket[start] != ':') {
    return std::nullopt;
  }
  std::istringstream(socket.substr(start + 1)) >> std::hex >> port;
  return port;
}

// parse_boolean() of systemd; what is neither is ignored there.
std::optional<bool> parse_boolean(std::string_view value) {
  constexpr std::array yes = {"1", "yes", "y", "true", "t", "on"};
  constexpr std::array no = {"0", "no", "n", "false", "f", "off"};
  std::string lower(value);
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
  });
  if (std::ranges::find(yes, lower) != yes.end()) {
    return true;
  }
  return std::ranges::find(no, lower) != no.end() ? std::optional(false) : std::nullopt;
}

std::pair<std::string_view, std::string_view> split_setting(std::string_view line) {
  const auto sign = std::min(line.find('='), line.size());
  return {trim(line.substr(0, sign)), trim(line.substr(std::min(sign + 1, line.size())))};
}

void take_setting(Networkd& settings, std::string_view line) {
  const auto [key, text] = split_setting(line);
  const auto value = parse_boolean(text);
  if (value && key == "ManageForeignRoutes") {
    settings.manages_routes = *value;
  } else if (value && key == "ManageForeignRoutingPolicyRules") {
    settings.manages_rules = *value;
  }
}

template <typename Visit>
void each_setting(const std::string& text, Visit&& visit) {
  bool in_section = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view words = trim(line);
    if (words.starts_with('[')) {
      in_section = words == "[Network]";
    } else if (in_section) {
      visit(words);
    }
  }
}

// Visits each line of the sections [Network]; a comment there is no key of ours.
template <typename Visit>
void each_setting(const std::vector<std::string>& files, Visit&& visit) {
  for (const std::string& text : files) {
    each_setting(text, visit);
  }
}

}  // namespace

std::set<int> parse_udp_services(const std::string& sockets, const std::string& ephemeral) {
  constexpr int dhcp_client = 68;
  int first = 32768;
  int last = 60999;
  std::istringstream(ephemeral) >> first >> last;
  std::set<int> ports;
  std::istringstream lines(sockets);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string local, remote, skipped;
    std::uint64_t inode = 0;  // 0: the kernel's own, of a tunnel for example
    fields >> skipped >> local >> remote;
    for (int field = 0; field < 6; ++field) {
      fields >> skipped;
    }
    fields >> inode;
    const auto port = port_of_any(local);
    const bool serves = port && port_of_any(remote) == 0 && inode != 0 && *port != dhcp_client;
    if (serves && (*port < first || *port > last)) {
      ports.insert(*port);
    }
  }
  return ports;
}

std::string parse_network_file(const std::string& link) {
  constexpr std::string_view key = "NETWORK_FILE=";
  std::istringstream lines(link);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) {
      return line.substr(std::max(line.rfind('/') + 1, key.size()));
    }
  }
  return {};
}

bool keeps_addresses(const std::vector<std::string>& files) {
  bool keeps = false;
  each_setting(files, [&](std::string_view line) {
    const auto [key, value] = split_setting(line);
    if (key == "KeepConfiguration") {
      keeps = value == "static" || parse_boolean(value).value_or(false);
    }
  });
  return keeps;
}

Networkd parse_networkd(const std::vector<std::string>& files) {
  Networkd settings{.presence = Networkd::Presence::running};
  each_setting(files, [&](std::string_view line) { take_setting(settings, line); });
  return settings;
}

std::vector<std::string> networkd_paths(const std::vector<NetworkdFolder>& folders) {
  std::vector<std::string> paths;
  const auto main = std::ranges::find(folders, true, &NetworkdFolder::has_main);
  if (main != folders.end()) {
    paths.push_back(main->path);
  }
  std::map<std::string, std::string> drop_ins;
  for (const NetworkdFolder& folder : folders) {
    for (const std::string& name : folder.drop_ins) {
      drop_ins.emplace(name, folder.path + ".d/" + name);
    }
  }
  for (const auto& [name, path] : drop_ins) {
    if (name.ends_with(".conf")) {
      paths.push_back(path);
    }
  }
  return paths;
}

}  // namespace core
