// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace core {
namespace {

using std::string_view;

constexpr std::array<string_view, 3> prefixes = {"dop_v1_", "doo_v1_", "dor_v1_"};
constexpr string_view web_token = "eyJ";  // {" in base64
constexpr std::size_t shortest_web_token = 20;
constexpr string_view bearer = "Bearer ";
constexpr string_view scheme_end = "://";

bool is_token_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         string_view("-_.~+/=").find(c) != string_view::npos;
}

// Finds secrets from left to right. It remembers where the current token or word ends, so that
// hostile text takes linear time as well.
class Search {
 public:
  explicit Search(string_view text) : text_(text) {}

  // The start of a secret: so many characters stay readable, so many after them are hidden.
  struct Secret {
    std::size_t open = 0;
    std::size_t hidden = 0;
  };

  Secret token_at(std::size_t place) {
    const string_view rest = text_.substr(place);
    for (const string_view prefix : prefixes) {
      if (rest.starts_with(prefix)) {
        return {prefix.size(), run_end(place + prefix.size()) - place - prefix.size()};
      }
    }
    if (!rest.starts_with(web_token)) {
      return {};
    }
    const std::size_t length = run_end(place) - place;
    const bool dotted = last_dot_ != string_view::npos && last_dot_ > place;
    return {0, length >= shortest_web_token && dotted ? length : 0};
  }

  Secret secret_at(std::size_t place) {
    const string_view rest = text_.substr(place);
    if (rest.starts_with(bearer)) {
      const std::size_t start = place + bearer.size();
      return {bearer.size(), run_end(start) - start};
    }
    if (rest.starts_with(scheme_end)) {
      const std::size_t start = place + scheme_end.size();
      const std::size_t at = last_at(start);  // a password may contain "/"
      return {scheme_end.size(), at == string_view::npos || at < start ? 0 : at - start};
    }
    return token_at(place);
  }

 private:
  // The end of the token characters from `place` on.
  std::size_t run_end(std::size_t place) {
    if (place >= run_end_) {
      run_end_ = place;
      last_dot_ = string_view::npos;
      for (; run_end_ < text_.size() && is_token_letter(text_[run_end_]); ++run_end_) {
        last_dot_ = text_[run_end_] == '.' ? run_end_ : last_dot_;
      }
    }
    return std::max(run_end_, place);
  }

  // The last "@" of the word at `place`.
  std::size_t last_at(std::size_t place) {
    if (place >= word_end_) {
      word_end_ = std::min(text_.find_first_of(" \"\n", place), text_.size());
      const auto at = text_.substr(place, word_end_ - place).rfind('@');
      last_at_ = at == string_view::npos ? at : place + at;
    }
    return last_at_;
  }

  string_view text_;
  std::size_t run_end_ = 0;
  std::size_t last_dot_ = string_view::npos;
  std::size_t word_end_ = 0;
  std::size_t last_at_ = string_view::npos;
};

}  // namespace

string_view trim(string_view text) {
  constexpr string_view space = " \t\r\n";
  const auto start = text.find_first_not_of(space);
  return start == string_view::npos ? string_view{}
                                    : text.substr(start, text.find_last_not_of(space) + 1 - start);
}

std::string redact(string_view text) {
  std::string result;
  Search search(text);
  for (std::size_t place = 0; place < text.size();) {
    const auto secret = search.secret_at(place);
    const std::size_t open = secret.hidden == 0 ? 1 : secret.open;
    result += text.substr(place, open);
    result += secret.hidden == 0 ? "" : "***";
    place += open + secret.hidden;
  }
  return result;
}

bool has_token(string_view text) {
  Search search(text);
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (search.token_at(place).hidden != 0) {
      return true;
    }
  }
  return false;
}

std::string escape(string_view text) {
  constexpr std::size_t most = 200;
  constexpr string_view cut = "...";
  std::string result;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    const bool plain = code >= 0x20 && code < 0x7f && letter != '"' && letter != '\\';
    const std::string shown = plain                             ? std::string(1, letter)
                              : letter == '"' || letter == '\\' ? std::string{'\\', letter}
                                                                : fmt::format("\\x{:02x}", code);
    if (result.size() + shown.size() > most - cut.size()) {
      return result.append(cut);
    }
    result += shown;
  }
  return result;
}

std::string quote(string_view text) {
  return '"' + escape(text) + '"';
}

}  // namespace core
