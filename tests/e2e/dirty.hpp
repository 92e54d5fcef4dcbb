// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node.hpp"
#include "support/session.hpp"
#include "support/traffic.hpp"

#include <memory>
#include <string>
#include <vector>

// Nodes as found in the field, and what must hold on each of them.
namespace dirty {

inline constexpr int echo_port = 7;
inline constexpr int node_port = 30007;
inline constexpr int local_node_port = 30008;

// A run during which every verify service sees the address.
inline const std::vector<std::string> verify = {"--verify-url", "https://192.0.2.1/"};

// What a switch may do to the connections of pods.
enum class Pods {
  keep,     // old connections continue, new ones use the reserved IP
  restart,  // the kernel drops replies to old connections, so they restart
  fixed,    // the plugin always uses the public address, so they keep an egress
};

// Which side begins the traffic.
enum class Begun { by_both, by_internet };

// Traffic in both directions while the program works.
class Traffic {
 public:
  Traffic(const Node& node, Pods pods, Begun begun = Begun::by_both);

  void check_goes_on() const;

  // Stops it, prints the losses and requires none.
  void check_nothing_lost(const std::string& topology);

 private:
  support::EchoService ssh_;
  support::EchoService pod_service_;
  support::EchoService outside_;
  support::DatagramService outside_datagrams_;
  support::DatagramService pod_datagrams_;
  support::DatagramService host_datagrams_;
  std::vector<std::pair<std::string, std::unique_ptr<support::Stream>>> streams_ = {};
  std::vector<std::pair<std::string, std::unique_ptr<support::DatagramFlow>>> flows_ = {};
};

// A node of that topology with a pool of two and a NodePort service.
struct DirtyNode : Node {
  explicit DirtyNode(const std::string& topology);
};

// A node's life with open traffic: it gets an address, loses it while none is free, gets one again,
// and is released. Then its network is as before, to the byte.
void check_life(const std::string& topology, Pods pods = Pods::keep);

// The same where the default in force goes through the VPC: without an egress IP the node and its
// pods use the VPC's gateway, and the public address answers only while the program's rules exist.
void check_life_behind_vpc(const std::string& topology);

// An impossible set-up: exit 78 with a hint, label false, nothing changed or claimed.
void check_refused(const std::string& topology);

support::Json release(const Node& node, const std::vector<std::string>& more = {});

// Other droplets hold the whole pool; or it is free again.
void take_pool(const Node& node);
void free_pool(const Node& node);

std::string exec(const Node& node, const std::string& script);

}  // namespace dirty
