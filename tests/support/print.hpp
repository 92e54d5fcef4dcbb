// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

// Teaches doctest to print our types; a failure would otherwise show `{?} == {?}`.
namespace support {

std::string to_text(core::Exit value);
std::string to_text(const core::Ipv4& value);
std::string to_text(const core::Prefix& value);
std::string to_text(const core::NextHop& value);
std::string to_text(const core::Resolution& value);
std::string to_text(const core::SourceResolution& value);
std::string to_text(const core::Link& value);
std::string to_text(const core::LinkAddress& value);
std::string to_text(const core::Route& value);
std::string to_text(const core::Rule& value);
std::string to_text(const core::Marking& value);
std::string to_text(const core::Network& value);
std::string to_text(core::Need value);
inline std::string to_text(const std::string& value) {
  return value;
}
inline std::string to_text(std::int64_t value) {
  return std::to_string(value);
}
inline std::string to_text(std::uint32_t value) {
  return std::to_string(value);
}

}  // namespace support

namespace doctest {

template <typename Value>
concept HasText = requires(const Value& value) {
  support::to_text(value);
};

template <HasText Value>
struct StringMaker<Value> {
  static String convert(const Value& value) { return support::to_text(value).c_str(); }
};

template <HasText Value>
struct StringMaker<std::optional<Value>> {
  static String convert(const std::optional<Value>& value) {
    return value ? support::to_text(*value).c_str() : "nothing";
  }
};

template <HasText Value>
struct StringMaker<std::vector<Value>> {
  static String convert(const std::vector<Value>& values) {
    std::string text = "{";
    for (const Value& value : values) {
      text += "\n    " + support::to_text(value);
    }
    return (text + "\n  }").c_str();
  }
};

}  // namespace doctest
