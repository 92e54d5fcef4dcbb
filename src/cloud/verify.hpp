// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "io/http.hpp"

#include <string>

namespace cloud {

// Asks a service for the source address of our connection. Uses IPv4, no proxy and a new
// connection: an open one keeps its source address whatever the routes are.
io::Request whatismyip_request(const std::string& url, const std::string& ca_file);

// The address in the answer: the text itself, "ip" in a JSON object, or a line "ip=…". Throws
// Error(unavailable) for any other answer.
core::Ipv4 decode_whatismyip(const std::string& url, const io::Response& response);

// Asks whether the current routes reach `url`: any answer says yes. Sends no token, over a new
// connection.
io::Request probe_request(io::Server server, const std::string& url, const std::string& ca_file);

}  // namespace cloud
