// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

// A freshly booted droplet in a world with a free pool, and the state after a run.
struct Node {
  support::World world = {};
  support::Droplet droplet = {};

  explicit Node(const std::string& pool = "198.51.100.1-4",
                const std::string& topology = "classic") {
    world.pool(pool);
    droplet = world.droplet("node-1", topology);
  }

  // In a world with such arguments for `lab up`.
  Node(const std::vector<std::string>& up, const std::string& topology) : world(up) {
    world.pool("198.51.100.1-4");
    droplet = world.droplet("node-1", topology);
  }

  std::string pod_address() const { return "10.244.1.2"; }

  // One run that must end with that exit; its result.
  support::Json run(int exit, const std::vector<std::string>& more = {},
                    const support::Variables& changes = {}) const {
    return result_of(support::run(command(more, changes)), exit);
  }

  support::Command command(const std::vector<std::string>& more = {},
                           const support::Variables& changes = {}) const {
    support::Command command = world.tool(droplet, {}, changes);
    command.words.insert(command.words.end(), {"-o", "json"});
    command.words.insert(command.words.end(), more.begin(), more.end());
    return command;
  }

  // Checks the exit of a run on stdout and stderr.
  static support::Json result_of(const support::Run& run, int exit) {
    INFO(run.out, run.err);
    CHECK(run.exit == exit);
    CHECK(support::errors(run).size() == (exit == 0 ? 0 : 1));
    CHECK(support::hints(run).size() == (exit == 0 ? 0 : 1));
    support::Json result = support::Json::parse(run.out);
    CHECK(result.at("exit").at("code") == exit);
    CHECK((result.at("result") == "failed") == (exit != 0));
    CHECK(result.at("error").is_null() == (exit == 0));
    return result;
  }

  // Checks that the node has its egress IP.
  void check_egress() const {
    const auto held = world.held_by(droplet);
    REQUIRE(held.size() == 1);
    check_leaves_by(held[0]);
    CHECK(world.label(droplet) == "true");
    CHECK(world.label(droplet, support::address_label) == held[0]);
  }

  void check_leaves_by(const std::string& address) const {
    CHECK(world.held_by(droplet) == std::vector{address});
    CHECK(world.seen_from(droplet.name) == address);
  }

  // Checks that nothing was taken and the droplet still uses its own address.
  void check_untouched() const {
    CHECK(world.held_by(droplet).empty());
    CHECK(world.seen_from(droplet.name) == droplet.public_address);
    CHECK(world.label(droplet) != "true");
    CHECK(world.label(droplet, support::address_label).empty());
  }

  // Checks that nothing was changed but the label, which says false.
  void check_says_false() const {
    check_untouched();
    CHECK(world.label(droplet) == "false");
  }

  // The addresses of the POSTs in order.
  std::vector<std::string> posted() const {
    std::vector<std::string> addresses;
    for (const support::Json& request : world.journal("digitalocean", "POST")) {
      const std::string path = request.at("path");
      const std::string start = "/v2/reserved_ips/";
      addresses.push_back(path.substr(start.size(), path.rfind('/') - start.size()));
    }
    return addresses;
  }
};
