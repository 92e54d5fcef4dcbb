// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "io/clock.hpp"
#include "io/log.hpp"

#include <array>
#include <cstdint>
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

// Where a connection comes from: an address of ours and, where not 0, only by that device.
struct Source {
  core::Ipv4 address = {};
  std::uint32_t device = 0;  // SO_BINDTOIFINDEX: also past a rule in front that leads elsewhere

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
  std::uint32_t mark = 0;        // of its packets, SO_MARK of socket(7); 0: none
  Tries tries = Tries::several;  // whether a failure may be waited out
  bool fresh = false;            // over a connection made now, by the routes of now
  bool connect_only = false;     // ends when the connection, with its TLS, is made
  bool direct = false;           // through no proxy
  // 200 addresses, each with its whole droplet, are about 2 MB; no reply to us is longer.
  std::size_t largest_reply = std::size_t{16} << 20U;  // of the body, in bytes
};

struct Response {
  long status = 0;
  std::string body = {};
  std::map<std::string, std::string> headers = {};  // names in lower case

  // The value of a header; empty when it is not there.
  std::string header(const std::string& name) const;
};

// Requests in flight side by side, over one connection for each server. Redirects are never
// followed: a token goes to no host but its own. Abstract so that tests need no network.
struct Http {
  using Ticket = std::size_t;

  virtual ~Http() = default;

  // Begins a request.
  virtual Ticket start(const Request& request) = 0;

  // The reply, whatever its status. Throws Error(unavailable) when none came, Error(software) when
  // it was larger than any honest one, and like Clock::check() while a GET is waited for.
  virtual Response wait(Ticket ticket) = 0;

  // Gives the request up; its reply, if it comes, is dropped.
  virtual void cancel(Ticket ticket) = 0;

  // The way out has changed: what is idle is used no more, since it keeps the address it was made
  // from, and nobody may answer to that any longer.
  virtual void renew() = 0;

  // How many requests have been sent, retries included.
  virtual RequestCounts counts() const = 0;

  // How many of them were answered, by the status of the answer.
  virtual ReplyCounts replies() const = 0;

  Response send(const Request& request) { return wait(start(request)); }
};

// Speaks through libcurl. Each request may take `limit`, and no longer than the run has left with
// its `last_words`.
std::unique_ptr<Http> open_http(Clock& clock, const Log& log, Duration limit = Duration{10'000});

}  // namespace io
