// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "listen.hpp"

#include <map>
#include <string>

namespace sim {

// Names and their IPv4 addresses.
using Names = std::map<std::string, std::string>;

// Answers for these names over UDP, from its own thread, until the process ends; every other
// name does not exist. Each query is in the journal as server `dns`, with its type as the method
// and its name as the path. A fault of kind `hang` leaves it without an answer; one of kind
// `status` gives its status as the response code (2: SERVFAIL). Throws std::runtime_error where it
// cannot listen.
void serve_names(Shared& shared, const Endpoint& endpoint, const Names& names);

}  // namespace sim
