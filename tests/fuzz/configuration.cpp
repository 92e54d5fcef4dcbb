// SPDX-License-Identifier: Apache-2.0
// Configuration file, command line and environment, separated by lines `%%`; one argument or
// NAME=VALUE per line.
#include "app/cli/cli.hpp"
#include "fuzz.hpp"

#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <sstream>

namespace {

using core::Exit;
using Variables = std::map<std::string, std::string>;

// An anonymous file.
class File {
 public:
  explicit File(const std::string& text) : descriptor_(memfd_create("config", MFD_CLOEXEC)) {
    const auto size = static_cast<ssize_t>(text.size());
    fuzz::require(write(descriptor_, text.data(), text.size()) == size, "a file can be written");
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    result.push_back(line);
  }
  return result;
}

Variables variables(const std::string& text) {
  Variables result;
  for (const std::string& line : lines(text)) {
    const auto equals = std::min(line.find('='), line.size());
    result[line.substr(0, equals)] = line.substr(std::min(equals + 1, line.size()));
  }
  return result;
}

void require_complete(const app::Invocation& asked) {
  const bool undo = asked.command == app::Command::release;
  if (asked.command == app::Command::verify) {
    fuzz::require(!asked.config.verify_urls.empty(), "there is a service to ask");
    fuzz::require(asked.kubernetes || asked.config.expected, "there is an address to compare with");
    return;
  }
  fuzz::require(undo || !asked.config.pool.empty(), "there is a pool");
  fuzz::require(undo || asked.command == app::Command::pool || !asked.match.pattern.empty(),
                "there is something to match");
  fuzz::require(asked.timeout.count() > 0 && asked.timeout <= std::chrono::hours{24},
                "a run ends within a day");
  fuzz::require(strncasecmp(asked.digitalocean.url.c_str(), "https://", 8) == 0 ||
                    asked.digitalocean.url.find("localhost") != std::string::npos ||
                    asked.digitalocean.url.find("[::1]") != std::string::npos ||
                    asked.digitalocean.url.find("127.") != std::string::npos,
                "a token is sent by https, or on loopback");
  fuzz::require(asked.config.enabled_label != asked.config.address_label, "the labels are two");
  for (const core::Prefix& direct : asked.config.direct) {
    fuzz::require(core::Prefix::parse(direct.to_string()) == direct, "--direct is a prefix");
  }
  if (asked.config.gate_taint) {
    fuzz::require(
        !asked.config.gate_taint->key.empty() && asked.config.gate_taint->effect.size() > 8,
        "a taint has a key and an effect");
  }
  core::is_match(asked.match, "pool-egress-8b870");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto parts = fuzz::parts_of({reinterpret_cast<const char*>(data), size});
  parts.resize(3);
  const File file(parts[0]);
  auto environment = variables(parts[2]);
  environment["DO_EGRESS_IP_CONFIG"] = file.path();
  const auto look_up = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  const auto asked = app::parse_command_line(lines(parts[1]), look_up);
  if (const auto* invocation = std::get_if<app::Invocation>(&asked)) {
    require_complete(*invocation);
  } else if (const auto* refusal = std::get_if<app::Refusal>(&asked)) {
    fuzz::require_fit(refusal->error, {Exit::usage, Exit::config});
  } else {
    fuzz::require(!std::get<app::Answer>(asked).text.empty(), "an answer has words");
  }
  return 0;
}
