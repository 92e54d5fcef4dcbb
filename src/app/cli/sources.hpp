// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace app {

using Settings = std::map<std::string, Given, std::less<>>;  // by the name of the option

// What stands on the command line.
struct Arguments {
  std::vector<std::string> words = {};  // the command first
  Settings options = {};
  std::optional<core::Error> mistake = {};  // the first one; everything else is read all the same
};

// Reads the arguments, without the program's name.
Arguments read_arguments(const std::vector<std::string>& given);

// The options in a TOML 1.0 file. Throws Error(config) with file, line and column for what is not
// TOML, not an option, or of another type than the option has.
Settings read_config_file(const std::string& path);

// Every place that may give an option, the best first.
struct Places {
  Arguments line = {};
  const Environment& environment;
  Settings file = {};

  std::optional<Given> find(const Option& option) const;
};

}  // namespace app
