// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/http.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the subjects share. Each has one function, LLVMFuzzerTestOneInput (LLVM's libFuzzer), which
// is given what a stranger said and aborts where a promise of the program is broken.
namespace fuzz {

// Aborts with the promise that does not hold.
void require(bool holds, std::string_view promise);

// A reply as text: a line with the status, headers (names in lower case), an empty line, the body.
io::Response parse_response(std::string_view text);

// The parts of `text` between lines that are `%%`.
std::vector<std::string> parts_of(std::string_view text);

// That an Error has one of these exits, and that its words can be told in every form: as JSON, in
// the log, in an Event.
void require_fit(const core::Error& error, std::initializer_list<core::Exit> exits);

// Runs `body`. Only an Error with one of these exits may leave it; anything else ends the process.
template <typename Body>
std::optional<core::Error> failing_as(std::initializer_list<core::Exit> exits, Body&& body) {
  auto failure = core::any_failure_of(std::forward<Body>(body));
  if (failure) {
    require_fit(*failure, exits);
  }
  return failure;
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
