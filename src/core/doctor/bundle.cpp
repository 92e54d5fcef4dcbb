// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/bundle.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <cctype>

namespace core {
namespace {

constexpr std::size_t most_lines = 500;  // of a section: a node may have thousands of routes

constexpr std::string_view introduction =
    "do-egress-ip bundle, format 1\n"
    "Hidden: tokens, user data, SSH keys. NODE, PUBLIC-IP and RESERVED-IP-n are the names of this\n"
    "node, its public addresses and the pool. Read the file before you send it to somebody.\n";

bool is_part_of_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0;
}

void hide(std::string& text, const Hidden& hidden) {
  const std::size_t size = hidden.text.size();
  std::size_t at = size == 0 ? std::string::npos : text.find(hidden.text);
  while (at != std::string::npos) {
    const bool begins = at == 0 || !is_part_of_word(text[at - 1]);
    const bool ends = at + size == text.size() || !is_part_of_word(text[at + size]);
    const bool wanted = hidden.where == Hidden::Where::anywhere || (begins && ends);
    if (wanted) {
      text.replace(at, size, hidden.shown);
    }
    at = text.find(hidden.text, at + (wanted ? hidden.shown.size() : 1));
  }
}

}  // namespace

void hide_address(std::vector<Hidden>& hidden, Ipv4 address, const std::string& shown) {
  hidden.push_back({address.to_string(), shown, Hidden::Where::whole_words});
  std::string digits;
  for (const std::uint8_t octet : address.octets) {
    digits += fmt::format("{:02x}", octet);
  }
  hidden.push_back({std::move(digits), shown});
}

std::string render_bundle(const std::vector<Section>& sections, const std::vector<Hidden>& hidden) {
  std::string text(introduction);
  for (const Section& section : sections) {
    text += fmt::format("\n== {}\n", section.name);
    text += section.lines.empty() ? "(none)\n" : "";
    const std::size_t shown = std::min(section.lines.size(), most_lines);
    for (std::size_t line = 0; line < shown; ++line) {
      text += section.lines[line] + "\n";
    }
    if (shown < section.lines.size()) {
      text += fmt::format("({} lines more)\n", section.lines.size() - shown);
    }
  }
  for (const Hidden& each : hidden) {
    hide(text, each);
  }
  return redact(text);
}

std::string without_query(std::string_view value) {
  const std::size_t query = value.find('?');
  const bool url = value.find("://") < query;
  return url && query != std::string_view::npos ? std::string(value.substr(0, query)) + "?***"
                                                : std::string(value);
}

}  // namespace core
