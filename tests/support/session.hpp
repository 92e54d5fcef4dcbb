// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <sys/socket.h>

#include <memory>
#include <string>

namespace support {

// A socket in another network namespace; none of this process's threads stays there. Throws where
// there can be none.
int socket_in(const std::string& netns, int type, int family = AF_INET);

inline constexpr int ssh_port = 22;

// A service on a TCP port that sends back what it gets, from all addresses.
class EchoService {
 public:
  explicit EchoService(const Droplet& droplet) : EchoService(droplet.name, ssh_port) {}
  EchoService(const std::string& netns, int port);
  EchoService(const EchoService&) = delete;
  EchoService& operator=(const EchoService&) = delete;
  ~EchoService();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A TCP session to an EchoService; from the internet to an address of a droplet, like ssh's.
class Session {
 public:
  explicit Session(const std::string& address, const std::string& from = "internet",
                   int port = ssh_port);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  bool is_open() const { return socket_ >= 0; }

  // Whether a line there and back arrives within three seconds.
  bool answers() const;

 private:
  int socket_ = -1;
};

}  // namespace support
