// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/facts.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace app {
namespace {

// Where systemd has its configuration, the strongest first.
constexpr std::array folders = {"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd",
                                "/usr/lib/systemd"};

std::vector<std::string> read_texts(const std::vector<std::string>& paths) {
  std::vector<std::string> texts;
  std::ranges::transform(paths, std::back_inserter(texts),
                         [](const std::string& path) { return read_text(path).value_or(""); });
  return texts;
}

// `name` and the drop-ins for it in each of systemd's folders.
std::vector<std::string> read_settings(const std::string& root, const std::string& name) {
  std::vector<core::NetworkdFolder> found;
  for (const char* folder : folders) {
    const std::string path = fmt::format("{}{}/{}", root, folder, name);
    found.push_back({.path = path,
                     .has_main = io::is_readable(path),
                     .drop_ins = io::list_folder(path + ".d")});
  }
  return read_texts(core::networkd_paths(found));
}

// Whether networkd leaves the addresses of the NICs that a default route leads through.
bool keeps_addresses(const core::Network& network, const std::string& root) {
  return std::ranges::all_of(network.routes, [&](const core::Route& route) {
    if (route.table != core::main_table || route.destination != core::Prefix{}) {
      return true;
    }
    const auto link =
        read_text(fmt::format("{}/run/systemd/netif/links/{}", root, route.via.ifindex));
    const std::string file = core::parse_network_file(link.value_or(""));
    return file.empty() || core::keeps_addresses(read_settings(root, "network/" + file));
  });
}

core::Networkd read_networkd(const std::string& root, const core::Network* network) {
  using Presence = core::Networkd::Presence;
  // The folder itself is there without networkd: tmpfiles.d makes it.
  if (!io::is_readable(root + "/run/systemd/netif/state")) {
    const bool sees_systemd = io::is_readable(root + "/run/systemd/system");
    return {.presence = sees_systemd ? Presence::absent : Presence::hidden};
  }
  auto networkd = core::parse_networkd(read_settings(root, "networkd.conf"));
  networkd.keeps_addresses = network == nullptr || keeps_addresses(*network, root);
  return networkd;
}

}  // namespace

std::optional<std::string> read_text(const std::string& path) {
  std::optional<std::string> text;
  const auto failure = core::catch_error_except_signals([&] { text = io::read_file(path); });
  return failure ? std::nullopt : text;
}

core::HostFacts gather_host_facts(System& system, const std::string& root) {
  core::HostFacts facts;
  facts.network = fact_of<core::Network>([&] { return system.kernel.read(); });
  facts.mark_uses =
      fact_of<std::vector<core::MarkUse>>([&] { return system.kernel.read_mark_uses(); });
  facts.vendor = read_text(root + "/sys/class/dmi/id/sys_vendor");
  if (facts.vendor) {
    facts.vendor->erase(facts.vendor->find_last_not_of(" \n") + 1);
  }
  const auto range = read_text(root + "/proc/sys/net/ipv4/ip_local_port_range").value_or("");
  for (const char* sockets : {"/proc/net/udp", "/proc/net/udp6"}) {
    facts.udp_services.merge(
        core::parse_udp_services(read_text(root + sockets).value_or(""), range));
  }
  facts.networkd = read_networkd(root, core::value_of(facts.network));
  return facts;
}

}  // namespace app
