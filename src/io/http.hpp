// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "io/clock.hpp"
#include "io/log.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace io {

enum class Server { digitalocean, metadata, kubernetes, verify };
using RequestCounts = std::array<int, 4>;                    // indexed by Server
using ReplyCounts = std::map<std::pair<Server, long>, int>;  // by server and status

enum class Tries { several, one };

// Where a connection comes from: one of our addresses and, unless 0, one device.
struct Source {
  core::Ipv4 address = {};
  std::uint32_t device = 0;  // SO_BINDTOIFINDEX: also past a policy rule that leads elsewhere

  Source(core::Ipv4 from, std::uint32_t by = 0) : address(from), device(by) {}
  bool operator==(const Source&) const = default;
};

struct Request {
  Server server = Server::metadata;
  std::string method = "GET";
  std::string url = {};
  std::vector<std::string> headers = {};
  std::string body = {};
  std::string ca_file = {};  // empty: the system's
  std::optional<Source> source = {};
  std::uint32_t mark = 0;        // SO_MARK of its packets, socket(7); 0: none
  Tries tries = Tries::several;  // whether to repeat it after a failure
  bool fresh = false;            // over a new connection, by the current routes
  bool connect_only = false;     // ends after the TLS handshake, before a request
  bool direct = false;           // bypasses any proxy
  // The longest honest reply is 2 MB: 200 addresses, each with its whole droplet.
  std::size_t largest_reply = std::size_t{16} << 20U;  // of the body, in bytes
};

struct Response {
  long status = 0;
  std::string body = {};
  std::map<std::string, std::string> headers = {};  // names in lower case

  // The value of a header; empty if the response has none of that name.
  std::string header(const std::string& name) const;
};

// Sends requests in parallel, over one connection for each server. It never follows a redirect, so
// a token reaches no other host. Abstract so that tests need no network.
struct Http {
  using Ticket = std::size_t;

  virtual ~Http() = default;

  // Starts a request.
  virtual Ticket start(const Request& request) = 0;

  // Returns the reply, whatever its status. Throws Error(unavailable) if none came, Error(software)
  // if it exceeded `largest_reply`, and like Clock::check() while it waits for a GET.
  virtual Response wait(Ticket ticket) = 0;

  // Gives the request up and drops its reply.
  virtual void cancel(Ticket ticket) = 0;

  // Closes idle connections after a route change: each keeps the source address that it was opened
  // with, and replies to that may be lost by now.
  virtual void drop_idle_connections() = 0;

  // The number of requests sent, retries included.
  virtual RequestCounts counts() const = 0;

  // The number of replies by server and status.
  virtual ReplyCounts replies() const = 0;

  Response send(const Request& request) { return wait(start(request)); }
};

// Whether an API must not be reached at an address.
using IsBarred = std::function<bool(core::Ipv4)>;

// Sends through libcurl. A request may take `limit`, but no longer than the rest of the run with
// its `last_words`. Ends with Error(config) before it connects an API at a barred address.
std::unique_ptr<Http> open_http(Clock& clock, const Log& log, IsBarred is_barred = {},
                                Duration limit = Duration{10'000});

}  // namespace io
