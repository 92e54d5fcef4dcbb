// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults.hpp"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace sim {

// Sends `reply`.
void send(const Reply& reply, httplib::Response& response);

// Sends `reply` as the fault spoils it.
void spoil(const Fault& fault, const Reply& reply, const httplib::Request& request,
           httplib::Response& response);

}  // namespace sim
