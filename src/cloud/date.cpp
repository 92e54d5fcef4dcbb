// SPDX-License-Identifier: Apache-2.0
#include "cloud/date.hpp"

#include <ctime>
#include <iomanip>
#include <sstream>

namespace cloud {

std::optional<std::chrono::seconds> parse_date(const std::string& text) {
  std::tm parts = {};
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
  if (stream.fail()) {
    return std::nullopt;
  }
  return std::chrono::seconds{timegm(&parts)};
}

}  // namespace cloud
