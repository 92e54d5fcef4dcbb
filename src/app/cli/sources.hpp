// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace app {

using Settings = std::map<std::string, Given, std::less<>>;  // by the name of the option

// The contents of the command line.
struct Arguments {
  std::vector<std::string> words = {};  // the command first
  Settings options = {};
  std::optional<core::Error> mistake = {};  // the first mistake; the rest is read all the same
};

// Reads the arguments, without the program's name.
Arguments read_arguments(const std::vector<std::string>& given);

// The options in a TOML 1.0 file. A mistake is an Error(config) with file, line and column: an
// unknown option, or a value of the wrong type. Throws Error(config) if the file is not TOML.
struct ConfigFile {
  Settings settings = {};
  std::optional<core::Error> mistake = {};  // the first one; all other settings are read
};
ConfigFile read_config_file(const std::string& path);

// All sources of options, in order of precedence.
struct Places {
  Arguments line = {};
  const Environment& environment;
  Settings file = {};

  std::optional<Given> find(const Option& option) const;
};

}  // namespace app
