// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/examine.hpp"
#include "core/doctor/proc.hpp"
#include "io/file.hpp"

#include <array>

namespace app {
namespace {

std::optional<std::string> read_text(const std::string& path) {
  std::optional<std::string> text;
  const auto failure = core::catch_error_except_signals([&] { text = io::read_file(path); });
  return failure ? std::nullopt : text;
}

std::optional<std::string> read_vendor(const std::string& root) {
  auto text = read_text(root + "/sys/class/dmi/id/sys_vendor");
  if (text) {
    text->erase(text->find_last_not_of(" \n") + 1);
  }
  return text;
}

std::optional<bool> read_net_admin(const std::string& root) {
  const auto status = read_text(root + "/proc/self/status");
  return status ? core::parse_net_admin(*status) : std::nullopt;
}

std::optional<core::ReversePath> read_reverse_path(const std::string& root,
                                                   const core::Network& network) {
  core::ReversePath settings;
  const auto read = [&](const std::string& device) {
    const auto text = read_text(root + "/proc/sys/net/ipv4/conf/" + device + "/rp_filter");
    const auto value = text ? core::parse_sysctl(*text) : std::nullopt;
    if (value) {
      settings[device] = *value;
    }
  };
  read("all");
  for (const core::Link& link : network.links) {
    read(link.name);
  }
  return settings.empty() ? std::nullopt : std::optional(settings);
}

// Where systemd has its configuration, the strongest first.
constexpr std::array folders = {"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd",
                                "/usr/lib/systemd"};

core::Networkd read_networkd(const std::string& root) {
  // The folder itself is there without networkd: tmpfiles.d makes it.
  if (!io::is_readable(root + "/run/systemd/netif/state")) {
    const bool sees_systemd = io::is_readable(root + "/run/systemd/system");
    return {.presence =
                sees_systemd ? core::Networkd::Presence::absent : core::Networkd::Presence::hidden};
  }
  std::vector<core::NetworkdFolder> found;
  for (const char* folder : folders) {
    const std::string path = root + folder;
    found.push_back({.path = path,
                     .has_main = io::is_readable(path + "/networkd.conf"),
                     .drop_ins = io::list_folder(path + "/networkd.conf.d")});
  }
  std::vector<core::NetworkdFile> files;
  for (const std::string& path : core::networkd_paths(found)) {
    files.push_back({path, read_text(path).value_or("")});
  }
  return core::read_networkd(files);
}

}  // namespace

core::HostFacts examine_host(System& system, const std::string& root) {
  core::HostFacts facts;
  facts.network = fact_of<core::Network>([&] { return system.kernel.read(); });
  facts.vendor = read_vendor(root);
  facts.may_change_routes = read_net_admin(root);
  if (const auto* network = core::value_of(facts.network)) {
    facts.reverse_path = read_reverse_path(root, *network);
  }
  facts.networkd = read_networkd(root);
  return facts;
}

}  // namespace app
