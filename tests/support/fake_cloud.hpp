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

// Metadata, the API and one Node, as far as a run needs them, behind a FakeHttp. What a request
// reaches depends on the kernel's routes, as in the lab.
class FakeCloud {
 public:
  struct Entry {
    std::string region = "nyc3";
    std::optional<core::DropletId> holder = {};
    std::optional<core::DropletId> pending = {};  // an assignment under way, to this droplet
    io::Duration done_at = {};
    bool listed = true;  // BYOIP addresses may not be
  };

  FakeCloud(FakeHttp& http, FakeClock& clock, FakeKernel& kernel);

  std::map<core::Ipv4, Entry> addresses = {};
  std::map<std::string, std::string> labels = {};
  std::vector<core::Taint> taints = {};
  std::string node_uid = "uid-1";
  std::string provider_id = {};
  int node_version = 1;
  // The Lease of each address: who holds it, and until when on the wall clock.
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
  io::Duration latency{0};               // of an assignment
  bool shows_droplets = true;            // the token has droplet:read
  bool metadata_lags = false;            // then it says what follows, whatever is true
  std::optional<core::Ipv4> metadata_says = {};
  std::optional<core::Ipv4> held() const;

  // A reply in place of the true one, before anything takes effect.
  std::function<std::optional<Reply>(const io::Request&)> fault = {};
  // Others, after a request took effect; may replace its reply.
  std::function<void(const io::Request&, Reply&)> afterwards = {};

  std::vector<std::string> thefts = {};  // addresses moved away from another droplet

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
