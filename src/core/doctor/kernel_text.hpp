// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kernel_dump.hpp"

#include <string>
#include <vector>

namespace core {

// One line for each object: its fields by name as iproute2 has them, and attributes that this
// program has no name for as NUMBER:BYTES in hexadecimal.
std::vector<std::string> render_links(const KernelDump& dump);
std::vector<std::string> render_addresses(const KernelDump& dump);
std::vector<std::string> render_rules(const KernelDump& dump);
std::vector<std::string> render_routes(const KernelDump& dump);

}  // namespace core
