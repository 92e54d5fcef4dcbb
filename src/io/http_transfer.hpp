// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/http.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

struct curl_slist;

namespace io {

struct FreeEasy {
  void operator()(void* easy) const;  // a CURL
};
struct FreeList {
  void operator()(curl_slist* list) const;
};

// One request in flight, as libcurl's callbacks see it.
struct Transfer {
  Request request = {};
  Response response = {};
  std::unique_ptr<void, FreeEasy> easy = {};
  std::unique_ptr<curl_slist, FreeList> headers = {};
  std::array<char, 256> detail = {};
  std::size_t given = 0;  // bytes of the body that were sent
  bool too_large = false;
  const IsBarred* is_barred = nullptr;    // null or empty: no address is
  std::optional<core::Ipv4> barred = {};  // at which the server would have been connected
  std::optional<int> result = {};         // a CURLcode
};

// Sets all libcurl options of a request but its time limits.
void set_options(Transfer& transfer);

}  // namespace io
