// SPDX-License-Identifier: Apache-2.0
#include "support/session.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

constexpr timeval answer_timeout{.tv_sec = 3, .tv_usec = 0};

sockaddr_in endpoint(const std::string& address, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

void echo(int connection) {
  std::array<char, 256> text{};
  for (ssize_t size = 0; (size = read(connection, text.data(), text.size())) > 0;) {
    if (write(connection, text.data(), static_cast<std::size_t>(size)) != size) {
      break;
    }
  }
  close(connection);
}

}  // namespace

// Only the thread that opens the socket enters the namespace.
int socket_in(const std::string& netns, int type, int family) {
  int result = -1;
  std::thread([&] {
    const int space = open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC);
    if (space >= 0 && setns(space, CLONE_NEWNET) == 0) {
      result = socket(family, type | SOCK_CLOEXEC, 0);
    }
    close(space);
  }).join();
  if (result < 0) {
    throw std::runtime_error("no socket in " + netns);
  }
  return result;
}

struct EchoService::State {
  int listener = -1;
  std::thread acceptor = {};
};

EchoService::EchoService(const std::string& netns, int port) : state_(std::make_unique<State>()) {
  state_->listener = socket_in(netns, SOCK_STREAM);
  const int on = 1;
  setsockopt(state_->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in any = endpoint("0.0.0.0", port);
  if (bind(state_->listener, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      listen(state_->listener, 8) != 0) {
    throw std::runtime_error("cannot listen in " + netns);
  }
  state_->acceptor = std::thread([listener = state_->listener] {
    for (int connection = 0; (connection = accept(listener, nullptr, nullptr)) >= 0;) {
      std::thread(echo, connection).detach();
    }
  });
}

EchoService::~EchoService() {
  shutdown(state_->listener, SHUT_RDWR);
  state_->acceptor.join();
  close(state_->listener);
}

Session::Session(const std::string& address, const std::string& from, int port)
    : socket_(socket_in(from, SOCK_STREAM)) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &answer_timeout, sizeof answer_timeout);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &answer_timeout, sizeof answer_timeout);
  const sockaddr_in there = endpoint(address, port);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
    close(socket_);
    socket_ = -1;
  }
}

Session::~Session() {
  if (socket_ >= 0) {
    close(socket_);
  }
}

bool Session::answers() const {
  const std::string line = "are you there?\n";
  std::array<char, 256> text{};
  return is_open() &&
         send(socket_, line.data(), line.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(line.size()) &&
         recv(socket_, text.data(), line.size(), MSG_WAITALL) == static_cast<ssize_t>(line.size());
}

}  // namespace support
