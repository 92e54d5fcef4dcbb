// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "io/http.hpp"

#include <string>

namespace cloud {

// Asks a service for the address it sees us come from, over IPv4, without a proxy and over a new
// connection, since an old one keeps its address whatever the routes are.
io::Request whatismyip_request(const std::string& url, const std::string& ca_file);

// The address in the answer: the text itself, "ip" in a JSON object, or a line "ip=…". Throws
// Error(unavailable) for any other answer.
core::Ipv4 decode_whatismyip(const std::string& url, const io::Response& response);

// Whether `url` can be reached by the routes of now is told by any answer at all: it is asked
// without a token, over a new connection.
io::Request probe_request(io::Server server, const std::string& url, const std::string& ca_file);

}  // namespace cloud
