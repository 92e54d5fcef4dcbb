// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "io/http.hpp"

#include <string>

// The droplet metadata service: link-local, plain HTTP, without a token. Its JSON is loosely typed
// (facts, section 3), and it may lag behind the API.
namespace cloud {

io::Request metadata_request(const std::string& base_url);

// Decodes the answer. Throws Error(unavailable) for any status but 200 (404: this is not a
// droplet), and Error(software) for a shape that is not the metadata service's.
core::Droplet decode_metadata(const io::Response& response);

}  // namespace cloud
