// SPDX-License-Identifier: Apache-2.0
#include "bench/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bench {
namespace {

constexpr int width = 920;
constexpr int names_width = 130;
constexpr int panel_width = 190;
constexpr int bar_width = 120;  // of the largest; its number stands behind it
constexpr int line_height = 20;
constexpr int head_height = 34;

struct Measure {
  std::string title = {};
  double (*value)(const Costs&) = nullptr;
};

const std::array<Measure, 4> measures = {{
    {"wall time, ms", [](const Costs& costs) { return costs.wall_ms; }},
    {"CPU time, ms", [](const Costs& costs) { return costs.cpu_ms; }},
    {"instructions, millions",
     [](const Costs& costs) { return costs.million_instructions.value_or(0); }},
    {"peak memory, MB", [](const Costs& costs) { return costs.peak_mb; }},
}};

std::string text_at(int x, int y, const std::string& text, const std::string& more = "") {
  return fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", x, y, more, text);
}

std::string bar(int x, int y, double value, double largest, bool mine) {
  if (value == 0) {
    return text_at(x, y, "not counted", " fill=\"#888\"");
  }
  const double length = std::max(1.0, value / largest * bar_width);
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"13\" fill=\"{}\"/>\n", x,
                     y - 11, length, mine ? "#1a7f37" : "#9aa4af") +
         text_at(x + static_cast<int>(length) + 5, y,
                 value < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value));
}

std::string panel(const std::vector<Costs>& rows, const Measure& measure, int x, int y) {
  double largest = 0;
  for (const Costs& row : rows) {
    largest = std::max(largest, measure.value(row));
  }
  std::string drawing;
  for (const Costs& row : rows) {
    drawing += bar(x, y, measure.value(row), largest, row.subject == ours);
    y += line_height;
  }
  return drawing;
}

std::string block(const std::string& title, const std::vector<Costs>& rows, int& y) {
  y += head_height;
  std::string drawing = text_at(10, y, title, " font-weight=\"bold\"");
  for (std::size_t index = 0; index < measures.size(); ++index) {
    const int x = names_width + static_cast<int>(index) * panel_width;
    drawing += text_at(x, y, measures.at(index).title, " fill=\"#57606a\"");
    drawing += panel(rows, measures.at(index), x, y + line_height);
  }
  for (const Costs& row : rows) {
    y += line_height;
    drawing += text_at(10, y, row.subject);
  }
  return drawing;
}

}  // namespace

std::string render_svg(const Result& result) {
  int y = 0;
  std::string drawing = block("steady run", result.steady, y);
  drawing += block("first claim", result.first_claim, y);
  drawing += block("no match", result.no_match, y);
  const int height = y + line_height;
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
             "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
             "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
             width, height) +
         drawing + "</svg>\n";
}

}  // namespace bench
