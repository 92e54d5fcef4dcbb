// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

// What files of the host say: proc(5), networkd.conf(5).
namespace core {

// Of a file like /proc/net/udp or udp6, the ports of sockets bound to every address that are not
// clients': beyond `ephemeral` (net.ipv4.ip_local_port_range), of a process, and not DHCP's.
std::set<int> parse_udp_services(const std::string& sockets, const std::string& ephemeral);

// What systemd-networkd does with routes and rules that it did not make.
struct Networkd {
  enum class Presence { running, absent, hidden } presence = Presence::absent;
  bool manages_routes = true;  // its own defaults: it removes them when it starts
  bool manages_rules = true;
  bool keeps_addresses = true;  // of the NIC of the default route, while it starts again
};

// The settings in these files, the weakest first.
Networkd parse_networkd(const std::vector<std::string>& files);

// Which files count, the weakest first: the first main file there is, then the drop-ins by their
// names, where one in an earlier folder hides those of the same name. `folders` by precedence, the
// strongest first: the path of the main file in each, and the names in the folder PATH.d.
struct NetworkdFolder {
  std::string path = {};
  bool has_main = false;
  std::vector<std::string> drop_ins = {};
};
std::vector<std::string> networkd_paths(const std::vector<NetworkdFolder>& folders);

// The name of the .network file by which networkd configures a NIC, from that NIC's file in
// /run/systemd/netif/links; empty where it does not.
std::string parse_network_file(const std::string& link);

// Whether these .network files, the weakest first, say KeepConfiguration=static, or more.
bool keeps_addresses(const std::vector<std::string>& files);

}  // namespace core
