// SPDX-License-Identifier: Apache-2.0
#include "manual.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace docs {
namespace {

bool is_punctuation(const std::string& word) {
  return word.size() == 1 && std::string_view(",.:;|()").find(word) != std::string_view::npos;
}

// Macros that only change the appearance of their words.
bool is_inline(const std::string& word) {
  static const std::vector<std::string> names = {"Ar", "Cm", "Dv", "Em", "Ev", "Fl", "Li",
                                                 "Nm", "Op", "Pa", "Pq", "Ql", "Sx"};
  return std::ranges::find(names, word) != names.end();
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

// The words of a macro line as mandoc prints them, separated by `gap`.
std::string rendered(const std::vector<std::string>& words, const std::string& gap) {
  std::string text;
  std::string macro;
  for (const std::string& word : words) {
    if (is_inline(word)) {
      macro = word;
      continue;
    }
    const bool closing = is_punctuation(word);
    text += text.empty() || closing ? "" : gap;
    text += macro == "Fl" && !closing ? "-" + word : word;
  }
  return text;
}

void add_text(std::string& text, const std::string& more) {
  text += text.empty() || more.empty() || is_punctuation(more) ? more : " " + more;
}

// The variables in a line like ".Ev A , B".
void add_variables(Entry& entry, const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == "Ev") {
    std::ranges::copy_if(words.begin() + 1, words.end(), std::back_inserter(entry.variables),
                         [](const std::string& word) { return !is_punctuation(word); });
  }
}

class Parser {
 public:
  void add(const std::string& line) {
    if (!line.starts_with('.')) {
      return add_text(text(), line);
    }
    const auto words = words_of(line.substr(1));
    const std::string macro = words.empty() ? "" : words[0];
    const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (macro == "Sh") {
      manual_.push_back({.name = rendered(rest, " ")});
    } else if (macro == "It") {
      manual_.back().entries.push_back({.head = rendered(rest, "")});
      add_variables(manual_.back().entries.back(), rest);
    } else if (is_inline(macro)) {
      add_text(text(), rendered(words, " "));
      if (in_entry_) {
        add_variables(manual_.back().entries.back(), words);
      }
    }
    in_entry_ = macro == "It" || (in_entry_ && macro != "El" && macro != "Sh");
  }

  std::vector<Section> manual() { return std::move(manual_); }

 private:
  std::string& text() {
    return in_entry_ ? manual_.back().entries.back().text : manual_.back().text;
  }

  std::vector<Section> manual_ = {{.name = "before any section"}};
  bool in_entry_ = false;
};

}  // namespace

std::vector<Section> parse_manual(const std::string& mdoc) {
  Parser parser;
  std::istringstream lines(mdoc);
  for (std::string line; std::getline(lines, line);) {
    parser.add(line);
  }
  return parser.manual();
}

const Section& section(const std::vector<Section>& manual, std::string_view name) {
  const auto found = std::ranges::find(manual, name, &Section::name);
  if (found == manual.end()) {
    throw std::runtime_error("the manual has no section " + std::string(name));
  }
  return *found;
}

}  // namespace docs
