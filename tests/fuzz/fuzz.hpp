// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/http.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Shared by the fuzz targets. Each defines LLVMFuzzerTestOneInput (libFuzzer), which gets foreign
// input and aborts if the program breaks a promise.
namespace fuzz {

// Aborts with the broken promise.
void require(bool holds, std::string_view promise);

// Parses a reply: a line with the status, headers (names in lower case), an empty line, the body.
io::Response parse_response(std::string_view text);

// Splits `text` at lines `%%`.
std::vector<std::string> parts_of(std::string_view text);

// Requires that an Error has one of these exits, and that its text is valid in JSON, the log and
// Events.
void require_fit(const core::Error& error, std::initializer_list<core::Exit> exits);

// Runs `body`, which may only throw an Error with one of these exits.
template <typename Body>
std::optional<core::Error> failing_as(std::initializer_list<core::Exit> exits, Body&& body) {
  auto failure = core::catch_error(std::forward<Body>(body));
  if (failure) {
    require_fit(*failure, exits);
  }
  return failure;
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
