// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/cli.hpp"
#include "core/error.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace unit {

// A command line with its environment; complete and valid by default.
struct CommandLine {
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> variables = {{"DO_EGRESS_IP_MATCH_STRING", "egress"},
                                                  {"DO_EGRESS_IP_FLOATING_IPS", "198.51.100.7"}};

  std::variant<app::Invocation, app::Answer, app::Refusal> parse() const {
    const app::Environment environment =
        [copy = variables](const std::string& name) -> std::optional<std::string> {
      const auto found = copy.find(name);
      return found == copy.end() ? std::nullopt : std::optional(found->second);
    };
    return app::parse_command_line(arguments, environment);
  }

  app::Invocation invocation() const {
    const auto parsed = parse();
    if (const auto* refused = std::get_if<app::Refusal>(&parsed)) {
      throw core::Error(refused->error);
    }
    return std::get<app::Invocation>(parsed);
  }

  app::Refusal refusal() const {
    const auto parsed = parse();
    REQUIRE(std::holds_alternative<app::Refusal>(parsed));
    const auto& refused = std::get<app::Refusal>(parsed);
    CHECK(std::string(refused.error.what()).find('\n') == std::string::npos);
    CHECK(refused.error.hint().find('\n') == std::string::npos);
    return refused;
  }

  core::Error failure() const { return refusal().error; }
};

}  // namespace unit
