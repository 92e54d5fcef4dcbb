// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

namespace app {

// Checks and completes the options as a whole: required ones are given, Kubernetes is reachable or
// off, token sources are known. Throws Error(usage) or Error(config).
void resolve(Draft& draft, const Environment& environment);

// The kubelet's termination log in a pod; empty elsewhere.
std::string default_termination_log(const Environment& environment);

// Throws if destinations contradict other options, or contain a server that a claim needs.
void require_destinations(const Invocation& asked);

}  // namespace app
