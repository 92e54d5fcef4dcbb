// SPDX-License-Identifier: Apache-2.0
#include "cloud/leases.hpp"

#include "cloud/json.hpp"
#include "core/duration.hpp"
#include "core/redact.hpp"

#include <fmt/chrono.h>

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

std::string name_of(const Lease& lease) {
  return "do-egress-ip-" + lease.address.to_string();
}

// metav1.MicroTime.
std::string micro_time(seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000Z", fmt::gmtime(time.count()));
}

// What is in the cluster under the Lease's name.
struct Found {
  std::string uid = {};
  std::string version = {};
  std::string holder = {};
  std::string owner_uid = {};
  std::optional<seconds> renewed = {};
  seconds duration{0};
  std::int64_t transitions = 0;
};

// What the API describes as int32, and sums of it here never leave 64 bits.
std::int64_t int32(const json& field) {
  return std::clamp<std::int64_t>(integer(field), 0, std::numeric_limits<std::int32_t>::max());
}

Found found_in(const json& reply) {
  const json& metadata = reply.at("metadata");
  const json& spec = reply.at("spec");
  Found found{.uid = metadata.at("uid").get<std::string>(),
              .version = metadata.at("resourceVersion").get<std::string>()};
  if (const json* owners = member(metadata, "ownerReferences"); owners && !owners->empty()) {
    found.owner_uid = owners->at(0).at("uid").get<std::string>();
  }
  if (const json* holder = member(spec, "holderIdentity")) {
    found.holder = holder->get<std::string>();
  }
  if (const json* renewed = member(spec, "renewTime")) {
    found.renewed = core::parse_time(renewed->get<std::string>(), "%Y-%m-%dT%H:%M:%S");
  }
  if (const json* duration = member(spec, "leaseDurationSeconds")) {
    found.duration = seconds{int32(*duration)};
  }
  if (const json* transitions = member(spec, "leaseTransitions")) {
    found.transitions = int32(*transitions);
  }
  return found;
}

// A Node made anew under the same name is another holder.
bool is_ours(const Found& found, const Lease& lease) {
  return found.holder == lease.node && found.owner_uid == lease.node_uid;
}

seconds left_of(const Found& found, seconds now) {
  return found.holder.empty() || !found.renewed ? seconds{0}
                                                : *found.renewed + found.duration - now;
}

class Acquiring {
 public:
  Acquiring(Kubernetes& kubernetes, const Lease& lease, const IsInUse& in_use = {})
      : kubernetes_(kubernetes), lease_(lease), in_use_(in_use) {}

  std::optional<Holder> run() {
    std::optional<Found> known;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      if (write(known)) {
        return std::nullopt;
      }
      known = read();  // somebody was faster, or what became of our request is not known
      if (auto holder = other_holder(known)) {
        return holder;
      }
    }
    throw failure_.value_or(core::Error(core::Exit::try_again, "it keeps changing hands"));
  }

  std::optional<Found> read() {
    const io::Response response =
        kubernetes_.send("GET", fmt::format("{}/{}", collection(lease_), name_of(lease_)));
    if (response.status == 404) {
      return std::nullopt;
    }
    if (response.status != 200) {
      throw refusal(response);
    }
    return decode(response.body, found_in);
  }

 private:
  // Somebody else, for some time yet or for good.
  std::optional<Holder> other_holder(const std::optional<Found>& known) const {
    if (!known || is_ours(*known, lease_)) {
      return std::nullopt;
    }
    const seconds left = left_of(*known, kubernetes_.time());
    const bool keeps =
        left > seconds{0} || (in_use_ && !known->holder.empty() && in_use_(known->holder));
    return keeps ? std::optional(Holder{core::escaped(known->holder), std::max(left, seconds{0})})
                 : std::nullopt;
  }

  // Whether the Lease is ours by this. A conflict, or no reply, is for the caller to look into.
  bool write(const std::optional<Found>& known) {
    std::optional<io::Response> response;
    failure_ = core::failure_of([&] { response = send(known); });
    if (failure_) {
      return false;
    }
    if (response->status == 200 || response->status == 201) {
      return true;
    }
    failure_ = refusal(*response);
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
                   {{"name", name_of(lease_)},
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
    return kubernetes_.send("PUT", fmt::format("{}/{}", collection(lease_), name_of(lease_)),
                            lease);
  }

  Kubernetes& kubernetes_;
  const Lease& lease_;
  const IsInUse in_use_;
  std::optional<core::Error> failure_ = {};
};

}  // namespace

std::optional<Holder> acquire(Kubernetes& kubernetes, const Lease& lease, const IsInUse& in_use) {
  return core::attempt(fmt::format("take the Lease {}/{}", lease.name_space, name_of(lease)),
                       [&] { return Acquiring(kubernetes, lease, in_use).run(); });
}

void release(Kubernetes& kubernetes, const Lease& lease) {
  core::attempt(fmt::format("give back the Lease {}/{}", lease.name_space, name_of(lease)), [&] {
    const auto found = Acquiring(kubernetes, lease).read();
    if (!found || !is_ours(*found, lease)) {
      return;
    }
    const io::Response response = kubernetes.send(
        "DELETE", fmt::format("{}/{}", collection(lease), name_of(lease)),
        {{"apiVersion", "v1"},
         {"kind", "DeleteOptions"},
         {"preconditions", {{"uid", found->uid}, {"resourceVersion", found->version}}}});
    const bool gone = response.status == 404 || response.status == 409;  // somebody else's by now
    if (!gone && response.status / 100 != 2) {
      throw refusal(response);
    }
  });
}

}  // namespace cloud
