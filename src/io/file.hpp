// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace io {

// The whole of a file, 1 MiB at most. Throws Error(config) naming the file when it cannot be read.
std::string read_file(const std::string& path);

// Whether it can be read.
bool is_readable(const std::string& path);

// Whether there is anything by that name, or it cannot be told.
bool is_there(const std::string& path);

// The names of what is in a folder, sorted; none where it cannot be read.
std::vector<std::string> list_folder(const std::string& path);

// Writes over a file that exists, as the kubelet's termination log wants it. Throws
// Error(os_error).
void write_file(const std::string& path, const std::string& text);

using Update = std::function<std::string(const std::string& content)>;

// Replaces a file by what `update` makes of its content, which is empty where none can be read:
// whoever reads it finds the old one or the new one, whole, with mode 0644. Until it is there it is
// PATH.tmp, which belongs to one process at a time, and to the next where that is killed. Throws
// Error(os_error), and leaves nothing behind, when it cannot be done.
void update_file(const std::string& path, const Update& update);

// The name of this host.
std::string host_name();

}  // namespace io
