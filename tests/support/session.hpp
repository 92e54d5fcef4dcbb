// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <sys/socket.h>

#include <memory>
#include <string>

namespace support {

// Opens a socket in another network namespace; no thread of this process stays there. Throws if
// that fails.
int socket_in(const std::string& netns, int type, int family = AF_INET);

inline constexpr int ssh_port = 22;

// A TCP service on all addresses that sends back what it receives.
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

// A TCP session to an EchoService, such as ssh from the internet to a droplet.
class Session {
 public:
  explicit Session(const std::string& address, const std::string& from = "internet",
                   int port = ssh_port);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  bool is_open() const { return socket_ >= 0; }

  // Whether a line returns within three seconds.
  bool answers() const;

 private:
  int socket_ = -1;
};

}  // namespace support
