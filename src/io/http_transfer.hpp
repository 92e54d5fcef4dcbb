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

// One request on its way, as libcurl's callbacks know it.
struct Transfer {
  Request request = {};
  Response response = {};
  std::unique_ptr<void, FreeEasy> easy = {};
  std::unique_ptr<curl_slist, FreeList> headers = {};
  std::array<char, 256> detail = {};
  std::size_t given = 0;  // how much of the body was sent
  bool too_large = false;
  std::optional<int> result = {};  // a CURLcode
};

// Tells libcurl all of a request but how long it may take, and where to put what comes back.
void set_options(Transfer& transfer);

}  // namespace io
