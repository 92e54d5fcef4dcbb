// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace cloud {

// A token. It has no formatter and no stream operator, so code that prints one does not compile.
struct Secret {
  std::string value = {};
};

// Reads a token at its first use.
using ReadSecret = std::function<Secret()>;

inline std::string authorization(const Secret& secret) {
  return "Authorization: Bearer " + secret.value;
}

}  // namespace cloud
