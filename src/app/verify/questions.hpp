// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/plan/verification.hpp"

#include <vector>

namespace app {

// Every --verify-url, asked at once for the address it sees.
class Questions {
 public:
  Questions(System& system, const Invocation& invocation)
      : system_(system), invocation_(invocation) {}
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;
  ~Questions();

  void start();

  // The answers. Asks again, a few times, while one is not `wanted`: a route that has just changed
  // may lose a packet.
  std::vector<core::Sighting> insist_on(core::Ipv4 wanted);

  // Whether the host of --api-url takes a connection: if it does, only the services are silent.
  bool internet_answers() const;

 private:
  std::vector<core::Sighting> wait();

  System& system_;
  const Invocation& invocation_;
  std::vector<io::Http::Ticket> asked_ = {};
};

}  // namespace app
