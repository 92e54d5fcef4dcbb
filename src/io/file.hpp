// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace io {

// Reads a whole file of at most 1 MiB; of a pipe, what is written until its writers close it.
// Throws Error(config) with the file's name if it cannot, or if that takes longer than `patience`.
std::string read_file(const std::string& path,
                      std::chrono::milliseconds patience = std::chrono::seconds{10});

// Whether this process can read the file.
bool is_readable(const std::string& path);

// Whether something has that name. True as well if the system does not say.
bool is_present(const std::string& path);

// The sorted names in a folder; none if it cannot be read.
std::vector<std::string> list_folder(const std::string& path);

// Overwrites an existing file in place, as the kubelet requires of the termination log. Throws
// Error(os_error).
void write_file(const std::string& path, const std::string& text);

// Writes a new file of mode 0600 that appears whole or not at all; what has that name stays as it
// is. Throws Error(os_error).
void create_file(const std::string& path, const std::string& text);

// Throws Error(os_error) if stdout does not take all of it.
void write_stdout(const std::string& text);

using Update = std::function<std::string(const std::string& content)>;

// Replaces a file by what `update` makes of its content, which is empty if it cannot be read. A
// reader finds the old file or the new one, never a part of it; its mode is 0644. The new text is
// written to PATH.tmp, which one process has at a time; after a kill the next process uses it.
// Throws Error(os_error) and leaves no PATH.tmp behind if that fails.
void update_file(const std::string& path, const Update& update);

// The name of this host.
std::string host_name();

}  // namespace io
