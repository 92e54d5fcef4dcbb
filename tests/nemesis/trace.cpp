// SPDX-License-Identifier: Apache-2.0
#include "trace.hpp"

#include <fmt/format.h>

namespace nemesis {

void Trace::note(const std::string& line) {
  text_ += fmt::format("{:>6} ms  {}\n", wall_ms() - start_, line);
}

}  // namespace nemesis
