// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace core {

// Whether the token sees a droplet: not without droplet:read, nor one of another team.
enum class Sight { seen, denied, absent };

}  // namespace core
