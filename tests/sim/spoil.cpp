// SPDX-License-Identifier: Apache-2.0
#include "spoil.hpp"

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

namespace sim {
namespace {

using std::chrono::milliseconds;

std::string text_of(const Reply& reply) {
  return reply.body.is_null() ? reply.text : reply.body.dump();
}

bool is_peer(int descriptor, const httplib::Request& request) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
      peer.sin_family != AF_INET || ntohs(peer.sin_port) != request.remote_port) {
    return false;
  }
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &peer.sin_addr, text.data(), text.size());
  return request.remote_addr == text.data();
}

// The library does not provide the socket of a request; -1 if it is closed.
int socket_of(const httplib::Request& request) {
  constexpr int most_descriptors = 4096;
  for (int descriptor = 3; descriptor < most_descriptors; ++descriptor) {
    if (is_peer(descriptor, request)) {
      return descriptor;
    }
  }
  return -1;
}

// The library cannot close a connection without an answer either.
void reset(const httplib::Request& request) {
  const int descriptor = socket_of(request);
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  shutdown(descriptor, SHUT_RDWR);
}

// Waits as long as the client does, then frees the thread.
void hang(const httplib::Request& request) {
  pollfd peer{.fd = socket_of(request), .events = POLLRDHUP, .revents = 0};
  constexpr int an_hour_ms = 3'600'000;
  if (peer.fd >= 0) {
    poll(&peer, 1, an_hour_ms);
  }
}

void truncate(const Reply& reply, httplib::Response& response) {
  const std::string text = text_of(reply);
  response.status = reply.status;
  response.set_content_provider(text.size(), reply.type,
                                [text](std::size_t, std::size_t, httplib::DataSink& sink) {
                                  sink.write(text.data(), text.size() / 2);
                                  return false;
                                });
}

void send_slowly(httplib::Response& response, const std::string& text, milliseconds pause) {
  constexpr std::size_t endless = std::size_t{1} << 40U;
  response.status = 200;
  response.set_content_provider(endless, "application/json",
                                [text, pause](std::size_t, std::size_t, httplib::DataSink& sink) {
                                  std::this_thread::sleep_for(pause);
                                  return sink.write(text.data(), text.size());
                                });
}

}  // namespace

void send(const Reply& reply, httplib::Response& response) {
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers) {
    response.set_header(name.c_str(), value);
  }
  response.set_content(text_of(reply), reply.type.c_str());
}

void spoil(const Fault& fault, const Reply& reply, const httplib::Request& request,
           httplib::Response& response) {
  if (fault.kind == "delay") {
    std::this_thread::sleep_for(milliseconds(fault.delay_ms));
    send(reply, response);
  } else if (fault.kind == "hang") {
    hang(request);
  } else if (fault.kind == "reset") {
    reset(request);
  } else if (fault.kind == "truncate") {
    truncate(reply, response);
  } else if (fault.kind == "cut-json") {
    const std::string text = text_of(reply);
    send(
        {.status = reply.status, .headers = reply.headers, .text = text.substr(0, text.size() / 2)},
        response);
  } else if (fault.kind == "garbage") {
    send({.status = 200,
          .headers = reply.headers,
          .text = "<html><body>not what you asked for</body></html>",
          .type = "text/html"},
         response);
  } else if (fault.kind == "huge") {
    const char filler = fault.body.empty() ? ' ' : fault.body[0];
    send_slowly(response, std::string(std::size_t{1} << 16U, filler), milliseconds(0));
  } else if (fault.kind == "drip") {
    send_slowly(response, " ", milliseconds(200));
  } else {
    const bool page = fault.body.starts_with("<");
    Reply spoiled{.status = fault.status,
                  .headers = fault.headers,
                  .text = fault.body,
                  .type = page ? "text/html" : "application/json"};
    spoiled.headers.insert(reply.headers.begin(), reply.headers.end());
    send(spoiled, response);
  }
}

}  // namespace sim
