// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node.hpp"
#include "support/session.hpp"
#include "support/traffic.hpp"

#include <memory>
#include <string>
#include <vector>

// Nodes as they are in the field: what must hold on each of them, whatever its network is like.
namespace dirty {

inline constexpr int echo_port = 7;
inline constexpr int node_port = 30007;
inline constexpr int local_node_port = 30008;

// A run after which every verify service must have seen the address.
inline const std::vector<std::string> verify = {"--verify-url", "https://192.0.2.1/"};

// What pods may expect of a switch on a node.
enum class Pods {
  keep,     // what they began goes on, and what they begin uses the reserved IP
  restart,  // the kernel lets no answer in to what they began: they begin again
  fixed,    // the plugin gives them the public address whatever the route: they keep an egress
};

// What is under way on a node while the program works, in both directions.
class Traffic {
 public:
  Traffic(const Node& node, Pods pods);

  void check_goes_on() const;

  // Ends it, prints how much of each was lost, and holds that nothing was.
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

// The life of a node with open traffic: it gets an address, loses it with none to be had, gets one
// again, and is released; then its network is as before, to the byte.
void check_life(const std::string& topology, Pods pods = Pods::keep);

// The set-up is impossible: exit 78 with a hint, label false, and nothing was changed or claimed.
void check_refused(const std::string& topology);

support::Json release(const Node& node, const std::vector<std::string>& more = {});

// Other droplets hold the whole pool; or it is free again.
void take_pool(const Node& node);
void free_pool(const Node& node);

std::string exec(const Node& node, const std::string& script);

}  // namespace dirty
