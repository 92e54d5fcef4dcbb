// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "core/ip.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace cloud {

// Parses `body` and hands it to `read`. A reply of another shape than `read` expects becomes one
// Error(software) naming the field.
template <typename Read>
auto decode(std::string_view body, Read&& read) {
  try {
    return read(nlohmann::json::parse(body));
  } catch (const nlohmann::json::exception& error) {
    const std::string_view text = error.what();  // "[json.exception.out_of_range.403] key …"
    const auto end = text.find("] ");
    throw core::Error(core::Exit::software, "unexpected reply: {}",
                      end == std::string_view::npos ? text : text.substr(end + 2));
  }
}

// The address in a field. Throws Error(software) when it is none.
inline core::Ipv4 ipv4(const nlohmann::json& field) {
  const auto text = field.get<std::string>();
  const auto address = core::Ipv4::parse(text);
  if (!address) {
    throw core::Error(core::Exit::software, "unexpected reply: \"{}\" is not an IPv4 address",
                      text);
  }
  return *address;
}

// A whole number in a field: to JSON 1.5 and 1e300 are numbers too. Throws Error(software) when it
// is none, or larger than any id.
inline std::int64_t integer(const nlohmann::json& field) {
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  const bool too_large = field.is_number_unsigned() && field.get<std::uint64_t>() > largest;
  if (field.is_number_float() || too_large) {
    throw core::Error(core::Exit::software, "unexpected reply: {} is not a whole number",
                      field.dump());
  }
  return field.get<std::int64_t>();
}

// A member that may be absent or null: nullptr then.
inline const nlohmann::json* member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace cloud
