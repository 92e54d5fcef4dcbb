// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace core {

// A configuration file of systemd-networkd.
struct NetworkdFile {
  std::string path = {};
  std::string text = {};
};

// What systemd-networkd does with routes and rules that it did not make.
struct Networkd {
  enum class Presence { running, absent, hidden } presence = Presence::absent;
  bool manages_routes = true;  // its own defaults: it removes them when it starts
  bool manages_rules = true;
};

// The settings in `files`, in their order of precedence, the weakest first (networkd.conf(5)).
Networkd read_networkd(const std::vector<NetworkdFile>& files);

// Which files count, in that order: the first main file there is, then the drop-ins by their names,
// where one in an earlier folder hides those of the same name. `folders` by precedence, the
// strongest first; each with the names of its networkd.conf and networkd.conf.d.
struct NetworkdFolder {
  std::string path = {};
  bool has_main = false;
  std::vector<std::string> drop_ins = {};
};
std::vector<std::string> networkd_paths(const std::vector<NetworkdFolder>& folders);

}  // namespace core
