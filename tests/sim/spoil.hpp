// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults.hpp"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace sim {

// Puts `reply` on the wire.
void send(const Reply& reply, httplib::Response& response);

// Puts on the wire what the fault makes of `reply`.
void spoil(const Fault& fault, const Reply& reply, const httplib::Request& request,
           httplib::Response& response);

}  // namespace sim
