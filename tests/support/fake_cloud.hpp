// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http.hpp"
#include "support/fake_kernel.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace support {

inline const std::string metadata_url = "http://169.254.169.254";
inline const std::string api_url = "https://api.test";
inline const std::string verify_url = "https://whatismyip.test";
inline const std::string kubernetes_url = "https://kubernetes.test";

// Metadata, the API and one Node behind a FakeHttp, as far as a run uses them. As in the lab, the
// kernel's routes decide which request arrives.
class FakeCloud {
 public:
  struct Entry {
    std::string region = "nyc3";
    std::optional<core::DropletId> holder = {};
    std::optional<core::DropletId> pending = {};  // an assignment to this droplet is pending
    io::Duration done_at = {};
    bool listed = true;  // false: like a BYOIP address
  };

  FakeCloud(FakeHttp& http, FakeClock& clock, FakeKernel& kernel);

  std::map<core::Ipv4, Entry> addresses = {};
  std::map<std::string, std::string> labels = {};
  std::string pod_network = {};
  std::vector<core::Taint> taints = {};
  std::string node_uid = "uid-1";
  std::string provider_id = {};
  int node_version = 1;
  // The Lease of an address: its holder, and its end on the wall clock.
  struct Lease {
    std::string holder = {};
    std::string owner_uid = {};
    std::chrono::seconds renewed = {};
    std::chrono::seconds duration = {};
    int version = 1;
    int transitions = 0;
  };
  std::map<core::Ipv4, Lease> leases = {};
  std::vector<std::string> events = {};  // "REASON: NOTE"
  std::set<std::string> denied = {};     // "patch nodes": what a review of access says no to
  io::Duration latency{0};               // of an assignment
  bool shows_droplets = true;            // the token has droplet:read
  bool metadata_lags = false;            // shows the following values, whatever is true
  std::optional<core::Ipv4> metadata_says = {};
  std::optional<core::Ipv4> held() const;

  // Replaces a reply before the request has an effect.
  std::function<std::optional<Reply>(const io::Request&)> fault = {};
  // Runs after a request took effect, and may replace its reply.
  std::function<void(const io::Request&, Reply&)> afterwards = {};

  std::vector<std::string> thefts = {};  // addresses taken from another droplet

 private:
  Reply answer(const io::Request& request);
  bool reaches(const io::Request& request) const;
  Reply serve(const io::Request& request);
  Reply metadata() const;
  Reply list() const;
  Reply one(core::Ipv4 address) const;
  Reply assign(core::Ipv4 address);
  Reply whatismyip(const io::Request& request) const;
  Reply kubernetes(const io::Request& request);
  Reply node(const io::Request& request);
  Reply lease(const io::Request& request);
  Reply event(const io::Request& request);

  std::set<std::string> event_names_ = {};
  FakeClock& clock_;
  FakeKernel& kernel_;
};

}  // namespace support
