// SPDX-License-Identifier: Apache-2.0
#include "dns.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

// The part of RFC 1035 that a stub resolver needs: one question, one address.
namespace sim {
namespace {

constexpr std::size_t header_size = 12;
constexpr int type_a = 1;
constexpr int no_such_name = 3;

struct Query {
  std::string name = {};
  int type = 0;
  std::string question = {};  // copied into the reply
};

std::string bytes16(int value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::optional<Query> parse(const std::string& message) {
  Query query;
  std::size_t at = header_size;
  while (at < message.size() && message[at] != 0) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(message[at]));
    query.name += (query.name.empty() ? "" : ".") + message.substr(at + 1, length);
    at += length + 1;
  }
  constexpr std::size_t tail = 5;  // the root label, type and class
  if (at + tail > message.size()) {
    return std::nullopt;
  }
  query.type = static_cast<unsigned char>(message[at + 2]);
  query.question = message.substr(header_size, at + tail - header_size);
  return query;
}

std::string reply(const std::string& message, const Query& query, int code,
                  const std::string& address) {
  constexpr int is_reply = 0x8180;  // recursion desired and available
  std::string text = message.substr(0, 2) + bytes16(is_reply | code) + bytes16(1) +
                     bytes16(address.empty() ? 0 : 1) + bytes16(0) + bytes16(0) + query.question;
  if (!address.empty()) {
    in_addr binary{};
    inet_pton(AF_INET, address.c_str(), &binary);
    text += bytes16(0xc000 | header_size) + bytes16(type_a) + bytes16(1) + bytes16(0) + bytes16(5) +
            bytes16(4) + std::string(reinterpret_cast<const char*>(&binary), sizeof binary);
  }
  return text;
}

class NameServer {
 public:
  NameServer(Shared& shared, const Names& names, int socket)
      : shared_(shared), names_(names), socket_(socket) {}

  void answer() const {
    std::array<char, 1500> data{};
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    auto* from = reinterpret_cast<sockaddr*>(&peer);
    const ssize_t size = recvfrom(socket_, data.data(), data.size(), 0, from, &length);
    const std::string message(data.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    const auto query = parse(message);
    const auto text = query ? answer_to(message, *query, peer) : std::nullopt;
    if (text) {
      sendto(socket_, text->data(), text->size(), 0, from, length);
    }
  }

 private:
  std::optional<std::string> answer_to(const std::string& message, const Query& query,
                                       const sockaddr_in& peer) const {
    std::array<char, INET_ADDRSTRLEN> caller{};
    inet_ntop(AF_INET, &peer.sin_addr, caller.data(), caller.size());
    const Call call{.server = "dns",
                    .method = query.type == type_a ? "A" : fmt::format("TYPE{}", query.type),
                    .path = query.name,
                    .caller = caller.data()};
    const auto found = names_.find(query.name);
    const std::scoped_lock lock(shared_.mutex);
    const auto fault = shared_.faults.strike(call);
    const int code = fault ? fault->status : found == names_.end() ? no_such_name : 0;
    note(call, code);
    if (fault && fault->kind == "hang") {
      return std::nullopt;
    }
    const bool has_address = code == 0 && query.type == type_a;
    return reply(message, query, code, has_address ? found->second : "");
  }

  void note(const Call& call, int code) const {
    shared_.requests.push_back({{"seq", shared_.requests.size()},
                                {"at_ms", now()},
                                {"server", call.server},
                                {"method", call.method},
                                {"path", call.path},
                                {"status", code},
                                {"caller", call.caller}});
  }

  Shared& shared_;
  const Names names_;
  int socket_;
};

int listen_at(const Endpoint& endpoint) {
  enter_network(endpoint.netns);
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(static_cast<std::uint16_t>(endpoint.port));
  inet_pton(AF_INET, endpoint.address.c_str(), &here.sin_addr);
  if (bind(socket, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    close(socket);
    throw std::runtime_error(fmt::format("cannot listen on {}", endpoint.address));
  }
  return socket;
}

}  // namespace

void serve_names(Shared& shared, const Endpoint& endpoint, const Names& names) {
  auto listens = std::make_shared<std::promise<void>>();
  auto ready = listens->get_future();
  std::thread([&shared, endpoint, names, listens] {
    int socket = -1;
    try {
      socket = listen_at(endpoint);
      listens->set_value();
    } catch (...) {
      listens->set_exception(std::current_exception());
      return;
    }
    for (const NameServer server(shared, names, socket);;) {
      server.answer();
    }
  }).detach();
  ready.get();
}

}  // namespace sim
