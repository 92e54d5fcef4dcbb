// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/doctor/facts.hpp"

#include <string>
#include <vector>

namespace app {

// What a bug report needs: the facts, `checks` and the requests that led to them. Without secrets.
std::string render_bundle(System& system, const Invocation& invocation,
                          const core::Examination& facts, const std::vector<Exchange>& exchanges,
                          const std::string& checks);

// To a new file, or to stdout for "-". Throws Error(os_error).
void write_bundle(const std::string& path, const std::string& text);

}  // namespace app
