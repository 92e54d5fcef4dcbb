// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/secret.hpp"
#include "core/model.hpp"
#include "core/plan/claim.hpp"
#include "io/http.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cloud {

// The calls of the DigitalOcean API that this program uses (OpenAPI: reserved_ips and droplets).
// Each throws Error(unavailable) without a usable reply of the API, Error(try_again) at the rate
// limit, Error(no_permission) with the missing scope on 401 and 403, Error(config) if the URL
// serves no such API, and Error(software) for a reply of an unknown shape. A single entry of an
// unknown shape fails nothing: it gets FloatingIp::readable false.
class DigitalOcean {
 public:
  DigitalOcean(io::Http& http, std::string url, std::string ca_file, ReadSecret token)
      : http_(http),
        url_(std::move(url)),
        ca_file_(std::move(ca_file)),
        read_token_(std::move(token)) {}

  static constexpr int page_size = 200;  // the API's maximum

  // The account's reserved IPs, from at most `most_pages` pages. BYOIP addresses may be missing.
  struct Listing {
    std::vector<core::FloatingIp> addresses = {};
    bool complete = false;
  };
  Listing list_addresses(int most_pages = 500);

  // The page with that number; complete: it is the last one.
  Listing list_page(int number);

  // One reserved IP by its address; nothing if the account does not have it.
  std::optional<core::FloatingIp> read_address(core::Ipv4 address);

  // Sends one POST and never repeats it: the POST takes an address away from another droplet. The
  // response to a rate-limited POST says how long to wait.
  struct Assignment {
    core::PostReply reply = {};
    io::Response response = {};
  };
  Assignment assign(core::Ipv4 address, core::DropletId droplet);

  // Sends one POST that takes the address from its droplet. After a refusal (422, 404) the next
  // read of the address shows its state.
  void unassign(core::Ipv4 address);

  // Whether an action ended in an error. False if the API does not know the action (BYOIP).
  bool has_errored(core::Ipv4 address, std::int64_t action);

  // The public addresses of a droplet, its reserved IP among them (facts, 1.7). Nothing if the
  // token does not see the droplet.
  std::optional<std::vector<core::Ipv4>> read_public_addresses(core::DropletId droplet);

  // Whether the token sees the droplet; without one, whether it may list droplets.
  core::Sight read_sight(std::optional<core::DropletId> droplet);

  // Sends the next requests from this address of ours, once each: a node that is cut off must not
  // wait for retries. `std::nullopt` ends that.
  void set_source(std::optional<io::Source> source) { source_ = source; }

 private:
  io::Request request(const std::string& method, const std::string& path);
  io::Request post_action(core::Ipv4 address, const std::string& body);
  io::Response get(const std::string& path, const std::string& scope);

  io::Http& http_;
  std::string url_;
  std::string ca_file_;
  ReadSecret read_token_;
  std::optional<Secret> token_ = {};
  std::optional<io::Source> source_ = {};
};

}  // namespace cloud
