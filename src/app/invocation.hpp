// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/secret.hpp"
#include "core/match.hpp"
#include "core/model.hpp"
#include "io/clock.hpp"
#include "io/log.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace app {

enum class Command { reconcile, status, pool, release, doctor, verify };
enum class Output { text, json };
enum class Reasons { hide, show };  // of each step; -v shows them, and the checks that passed
enum class Writes { apply, none };
enum class Reach { everything, local };  // local: neither DigitalOcean's API nor Kubernetes

// A service and the token for it.
struct Access {
  std::string url = {};
  std::string ca_file = {};  // empty: the system's
  cloud::ReadSecret token = {};
};

// An option as it was given.
struct Setting {
  std::string name = {};
  std::vector<std::string> values = {};
  std::string origin = {};  // "--timeout", "DO_EGRESS_IP_TIMEOUT", "timeout in FILE:3:11"
};

// What one call of the program must do, complete and checked.
struct Invocation {
  Command command = Command::reconcile;
  core::Config config = {};
  core::Match match = {};
  std::string metadata_url = "http://169.254.169.254";
  Access digitalocean = {.url = "https://api.digitalocean.com"};
  std::optional<Access> kubernetes = {};
  std::string name_space = "default";  // where Leases are kept
  Writes writes = Writes::apply;
  Reach reach = Reach::everything;
  io::Duration timeout = std::chrono::minutes{2};
  Output output = Output::text;
  io::LogFormat log_format = io::LogFormat::text;
  io::Level log_level = io::Level::info;
  bool detailed_exitcode = false;
  std::set<core::Exit> ok_codes = {};
  std::string termination_log = {};        // empty: none
  std::string metrics_file = {};           // empty: none
  std::string bundle = {};                 // of `doctor`; empty: none; "-": to stdout
  std::vector<Setting> settings = {};      // for that bundle
  std::vector<std::string> warnings = {};  // about the options
  std::string root = {};                   // the folder with /proc, /etc and so on; for tests
};

// Reads an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

}  // namespace app
