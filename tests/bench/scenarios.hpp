// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/measure.hpp"

#include <string>

namespace bench {

// The names of the subjects.
inline const std::string ours = "do-egress-ip";
inline const std::string in_image = "the same, in image";
inline const std::string floor_program = "floor";
inline const std::string empty_program = "empty";
inline const std::string one_destination = "1 destination";
inline const std::string many_destinations = "10000 destinations";
inline const std::string cilium = "with Cilium";
inline const std::string shell = "bash, curl, jq";
inline const std::string shell_kubectl = "bash, kubectl, jq";

// A droplet in the simulated world, and the program as released.
class Stage {
 public:
  explicit Stage(std::string program);

  // Everything is right.
  Scenario steady() const;

  // The same where one network, or ten thousand, must see the egress IP or nothing.
  Scenario destinations() const;

  // A freshly booted droplet without an address or a Lease.
  Scenario first_claim() const;

  // The same on a node with Cilium, whose configuration decides what is done for pods.
  Scenario first_claim_with_cilium() const;

  // The name does not match.
  Scenario no_match() const;

  const support::World& world() const { return world_; }
  const std::string& program() const { return program_; }

 private:
  Subject reconciler(const std::string& match) const;
  Subject image_reconciler(const std::string& match) const;
  Subject script(const std::string& name, const std::string& match, bool kubectl = false) const;
  Subject plain(const std::string& name, const std::vector<std::string>& words) const;
  Subject with_destinations(const std::string& subject, const support::Droplet& droplet,
                            int count) const;
  Subject on(const support::Droplet& droplet, const std::string& subject,
             const std::vector<std::string>& words) const;
  void boot_anew(const support::Droplet& droplet) const;

  std::string program_;
  support::World world_ = {};
  support::Droplet droplet_ = {};
  support::Droplet with_one_ = {};   // destination
  support::Droplet with_many_ = {};  // destinations
  support::Droplet with_cilium_ = {};
};

// The cost of a claim when the assignment takes a while, as at DigitalOcean.
struct Waiting {
  int latency_ms = 0;
  int calls = 0;       // to DigitalOcean
  double tail_ms = 0;  // from the assignment to the end of the run
};
Waiting measure_waiting(const Stage& stage, int runs);

}  // namespace bench
