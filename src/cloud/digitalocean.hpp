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

// The calls of the DigitalOcean API that we use (its OpenAPI description, reserved_ips and
// droplets). Every one throws Error(unavailable) without a usable reply of the API's own,
// Error(try_again) at the rate limit, Error(no_permission) on 401 and 403 with the scope that is
// missing, Error(config) where there is no such API, and Error(software) for a reply in a shape not
// known. Entries are read one by one: an odd one is FloatingIp::readable false.
class DigitalOcean {
 public:
  DigitalOcean(io::Http& http, std::string url, std::string ca_file, ReadSecret token)
      : http_(http),
        url_(std::move(url)),
        ca_file_(std::move(ca_file)),
        read_token_(std::move(token)) {}

  static constexpr int page_size = 200;  // the most that the API gives

  // Reserved IPs of the account, of no more than so many pages. BYOIP addresses may be missing.
  struct Listing {
    std::vector<core::FloatingIp> addresses = {};
    bool complete = false;
  };
  Listing list_addresses(int most_pages = 500);

  // One of them by name; nothing when the account has no such address.
  std::optional<core::FloatingIp> read_address(core::Ipv4 address);

  // One POST, never repeated here: it moves an address that another droplet holds. The response
  // to one that was rate-limited says how long to wait.
  struct Assignment {
    core::PostReply reply = {};
    io::Response response = {};
  };
  Assignment assign(core::Ipv4 address, core::DropletId droplet);

  // One POST that takes it from whoever holds it; a refusal (422, 404) shows when it is read again.
  void unassign(core::Ipv4 address);

  // Whether an action has ended in failure; not told for one that cannot be found (BYOIP).
  bool has_errored(core::Ipv4 address, std::int64_t action);

  // The public addresses of a droplet, among them the reserved IP that it holds (facts, 1.7).
  // Nothing where the token does not see it.
  std::optional<std::vector<core::Ipv4>> public_addresses(core::DropletId droplet);

  // Whether the token sees that droplet; without one, whether it may list droplets.
  core::Sight sight_of(std::optional<core::DropletId> droplet);

  // From now on leave by this address of ours, asking once only: a node that is cut off is not to
  // wait for it. Nothing ends that.
  void leave_by(std::optional<io::Source> source) { source_ = source; }

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
