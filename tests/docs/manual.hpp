// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// Parses the mdoc source of a man page as far as the tests need it.
namespace docs {

// One entry of a tagged list.
struct Entry {
  std::string head = {};                    // rendered, without white space
  std::string text = {};                    // its rendered body on one line
  std::vector<std::string> variables = {};  // variables in its body (.Ev), in order
};

struct Section {
  std::string name = {};
  std::string text = {};  // text outside the entries
  std::vector<Entry> entries = {};
};

std::vector<Section> parse_manual(const std::string& mdoc);
const Section& section(const std::vector<Section>& manual, std::string_view name);

}  // namespace docs
