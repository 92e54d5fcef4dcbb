// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/doctor.hpp"

#include <string>
#include <string_view>
#include <vector>

// The file that `doctor --bundle` writes for a bug report.
namespace core {

struct Section {
  std::string name = {};
  std::vector<std::string> lines = {};
};

// A text that a bundle must not contain, and what stands in its place.
struct Hidden {
  enum class Where { whole_words, anywhere };

  std::string text = {};
  std::string shown = "***";
  Where where = Where::anywhere;
};

// Hides a public address: as text, and as the eight digits that raw attributes have.
void hide_address(std::vector<Hidden>& hidden, Ipv4 address, const std::string& shown);

// What the facts say of who this is: NODE, PUBLIC-IP, RESERVED-IP-1 and so on stand in its place.
std::vector<Hidden> find_identity(const Examination& facts);

// The facts that no other section has: what the kernel resolves, marks, and the pool.
std::vector<Section> describe_facts(const Examination& facts);

// The sections as text, each with a limit on its lines. No token is in it, whatever is `hidden`.
std::string render_bundle(const std::vector<Section>& sections, const std::vector<Hidden>& hidden);

// `value` of an option without the query of a URL, which may hold a key.
std::string without_query(std::string_view value);

}  // namespace core
