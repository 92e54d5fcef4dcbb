// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace io {

// The whole of a file, 1 MiB at most. Throws Error(config) naming the file when it cannot be read.
std::string read_file(const std::string& path);

// Whether it can be read.
bool is_readable(const std::string& path);

// Writes over a file that exists, as the kubelet's termination log wants it. Throws
// Error(os_error).
void write_file(const std::string& path, const std::string& text);

// The name of this host.
std::string host_name();

}  // namespace io
