// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// The mdoc source of a man page, as far as a test asks about it.
namespace docs {

// One entry of a tagged list.
struct Entry {
  std::string head = {};                    // as rendered, without white space
  std::string text = {};                    // its body as rendered, on one line
  std::vector<std::string> variables = {};  // what its body names by .Ev, in order
};

struct Section {
  std::string name = {};
  std::string text = {};  // everything in it that no entry holds
  std::vector<Entry> entries = {};
};

std::vector<Section> parse_manual(const std::string& mdoc);
const Section& section(const std::vector<Section>& manual, std::string_view name);

}  // namespace docs
