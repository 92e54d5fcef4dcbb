// SPDX-License-Identifier: Apache-2.0
#include "cloud/leases.hpp"

#include "cloud/json.hpp"
#include "core/duration.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <limits>

namespace cloud {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int most_attempts = 3;

std::string collection(const Lease& lease) {
  return fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases", lease.name_space);
}

std::string lease_name(const Lease& lease) {
  return "do-egress-ip-" + lease.address.to_string();
}

// The Lease as the cluster has it.
struct Found {
  std::string uid = {};
  std::string version = {};
  std::string holder = {};
  std::string owner_uid = {};
  std::optional<seconds> renewed = {};
  seconds duration{0};
  std::int64_t transitions = 0;
};

// The API declares int32. A larger value is cut, so that sums stay within 64 bits.
std::int64_t int32(const json& field) {
  return std::clamp<std::int64_t>(parse_integer(field), 0,
                                  std::numeric_limits<std::int32_t>::max());
}

Found parse_lease(const json& reply) {
  const json& metadata = reply.at("metadata");
  const json& spec = reply.at("spec");
  Found found{.uid = metadata.at("uid").get<std::string>(),
              .version = metadata.at("resourceVersion").get<std::string>()};
  if (const json* owners = find_member(metadata, "ownerReferences"); owners && !owners->empty()) {
    found.owner_uid = owners->at(0).at("uid").get<std::string>();
  }
  if (const json* holder = find_member(spec, "holderIdentity")) {
    found.holder = holder->get<std::string>();
  }
  if (const json* renewed = find_member(spec, "renewTime")) {
    found.renewed = core::parse_time(renewed->get<std::string>(), "%Y-%m-%dT%H:%M:%S");
  }
  if (const json* duration = find_member(spec, "leaseDurationSeconds")) {
    found.duration = seconds{int32(*duration)};
  }
  if (const json* transitions = find_member(spec, "leaseTransitions")) {
    found.transitions = int32(*transitions);
  }
  return found;
}

// A Node that was deleted and created again under the same name is another holder.
bool is_ours(const Found& found, const Lease& lease) {
  return found.holder == lease.node && found.owner_uid == lease.node_uid;
}

seconds remaining_time(const Found& found, seconds now) {
  return found.holder.empty() || !found.renewed ? seconds{0}
                                                : *found.renewed + found.duration - now;
}

class LeaseRequest {
 public:
  LeaseRequest(Kubernetes& kubernetes, const Lease& lease, const IsInUse& in_use = {})
      : kubernetes_(kubernetes), lease_(lease), in_use_(in_use) {}

  std::optional<Holder> run() {
    std::optional<Found> known;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      if (write(known)) {
        return std::nullopt;
      }
      known = read();  // another node was faster, or the result of our request is unknown
      if (auto holder = other_holder(known)) {
        return holder;
      }
    }
    throw failure_.value_or(core::Error(core::Exit::try_again, "other nodes keep taking it"));
  }

  std::optional<Found> read(io::Tries tries = io::Tries::several,
                            const std::optional<io::Source>& source = {}) {
    io::Request request =
        kubernetes_.request("GET", fmt::format("{}/{}", collection(lease_), lease_name(lease_)));
    request.source = source;
    request.tries = tries;
    const io::Response response = kubernetes_.send(request);
    if (response.status == 404) {
      return std::nullopt;
    }
    if (response.status != 200) {
      throw refusal_error(response);
    }
    return decode(response.body, parse_lease);
  }

 private:
  // The other node that keeps the Lease, for a time or for good.
  std::optional<Holder> other_holder(const std::optional<Found>& known) const {
    if (!known || is_ours(*known, lease_)) {
      return std::nullopt;
    }
    const seconds left = remaining_time(*known, kubernetes_.time());
    const bool keeps =
        left > seconds{0} || (in_use_ && !known->holder.empty() && in_use_(known->holder));
    return keeps ? std::optional(Holder{core::escape(known->holder), std::max(left, seconds{0})})
                 : std::nullopt;
  }

  // Returns whether the write gained the Lease. After a conflict or without a reply the caller
  // reads it again.
  bool write(const std::optional<Found>& known) {
    std::optional<io::Response> response;
    failure_ = core::catch_error_except_signals([&] { response = send(known); });
    if (failure_) {
      return false;
    }
    if (response->status == 200 || response->status == 201) {
      return true;
    }
    failure_ = refusal_error(*response);
    const bool may_pass = response->status == 409 || response->status == 429 ||
                          response->status == 408 || response->status == 425 ||
                          response->status >= 500 || (known && response->status == 404);
    if (!may_pass) {
      throw core::Error(*failure_);
    }
    return false;
  }

  io::Response send(const std::optional<Found>& known) {
    const std::string now = micro_time(kubernetes_.time());
    json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                  {"kind", "Lease"},
                  {"metadata",
                   {{"name", lease_name(lease_)},
                    {"namespace", lease_.name_space},
                    {"labels", {{"app.kubernetes.io/managed-by", "do-egress-ip"}}},
                    {"ownerReferences",
                     {{{"apiVersion", "v1"},
                       {"kind", "Node"},
                       {"name", lease_.node},
                       {"uid", lease_.node_uid}}}}}},
                  {"spec",
                   {{"holderIdentity", lease_.node},
                    {"leaseDurationSeconds", lease_.duration.count()},
                    {"acquireTime", now},
                    {"renewTime", now},
                    {"leaseTransitions", 0}}}};
    if (!known) {
      return kubernetes_.send("POST", collection(lease_), lease);
    }
    lease["metadata"]["resourceVersion"] = known->version;
    lease["spec"]["leaseTransitions"] = known->transitions + (is_ours(*known, lease_) ? 0 : 1);
    return kubernetes_.send("PUT", fmt::format("{}/{}", collection(lease_), lease_name(lease_)),
                            lease);
  }

  Kubernetes& kubernetes_;
  const Lease& lease_;
  const IsInUse in_use_;
  std::optional<core::Error> failure_ = {};
};

}  // namespace

std::optional<Holder> acquire_lease(Kubernetes& kubernetes, const Lease& lease,
                                    const IsInUse& in_use) {
  return core::attempt(fmt::format("take the Lease {}/{}", lease.name_space, lease_name(lease)),
                       [&] { return LeaseRequest(kubernetes, lease, in_use).run(); });
}

std::optional<Holder> read_holder(Kubernetes& kubernetes, const std::string& name_space,
                                  core::Ipv4 address, const std::optional<io::Source>& source) {
  const Lease lease{
      .name_space = name_space, .address = address, .node = "", .node_uid = "", .duration = {}};
  return core::attempt(
      fmt::format("read the Lease {}/{}", name_space, lease_name(lease)),
      [&]() -> std::optional<Holder> {
        const auto found = LeaseRequest(kubernetes, lease).read(io::Tries::one, source);
        if (!found || found->holder.empty()) {
          return std::nullopt;
        }
        return Holder{core::escape(found->holder),
                      std::max(remaining_time(*found, kubernetes.time()), seconds{0})};
      });
}

void release_lease(Kubernetes& kubernetes, const Lease& lease) {
  core::attempt(fmt::format("give back the Lease {}/{}", lease.name_space, lease_name(lease)), [&] {
    const auto found = LeaseRequest(kubernetes, lease).read();
    if (!found || !is_ours(*found, lease)) {
      return;
    }
    const io::Response response = kubernetes.send(
        "DELETE", fmt::format("{}/{}", collection(lease), lease_name(lease)),
        {{"apiVersion", "v1"},
         {"kind", "DeleteOptions"},
         {"preconditions", {{"uid", found->uid}, {"resourceVersion", found->version}}}});
    const bool gone = response.status == 404 || response.status == 409;  // another node's by now
    if (!gone && response.status / 100 != 2) {
      throw refusal_error(response);
    }
  });
}

}  // namespace cloud
