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
constexpr int title_height = 44;

// Readable on a light page and on a dark one.
constexpr const char* style =
    "<style>text{fill:#1f2328}.note{fill:#57606a}.page{fill:#fff}.mine{fill:#1a7f37}"
    ".other{fill:#9aa4af}.limit{stroke:#cf222e;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.page{fill:#0d1117}"
    ".mine{fill:#3fb950}.other{fill:#6e7681}.limit{stroke:#ff7b72}}</style>\n";

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

// `limit`: how far ours may reach, 0 without one; less than 0 for others.
std::string bar(int x, int y, double value, double largest, double limit) {
  if (value == 0) {
    return text_at(x, y, "not counted", " class=\"note\"");
  }
  const double length = std::max(1.0, value / largest * bar_width);
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"13\" class=\"{}\"/>\n", x,
                     y - 11, length, limit >= 0 ? "mine" : "other") +
         text_at(x + static_cast<int>(std::max(length, limit)) + 5, y,
                 value < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value));
}

std::string panel(const std::vector<Costs>& rows, const Measure& measure, int x, int y) {
  double largest = 0;
  for (const Costs& row : rows) {
    largest = std::max(largest, measure.value(row));
  }
  double floor = 0;  // of the program that does the least: ours may cost 1.2 times as much
  for (const Costs& row : rows) {
    floor = row.subject == "floor" || row.subject == "empty" ? measure.value(row) : floor;
  }
  std::string drawing;
  for (const Costs& row : rows) {
    const double limit = row.subject == ours ? 1.2 * floor / largest * bar_width : -1;
    drawing += bar(x, y, measure.value(row), largest, limit);
    if (limit > 0) {
      drawing += fmt::format("<path d=\"M{:.1f} {}v17\" class=\"limit\"/>\n", x + limit, y - 13);
    }
    y += line_height;
  }
  return drawing;
}

std::string block(const std::string& title, const std::vector<Costs>& rows, int& y) {
  y += head_height;
  std::string drawing = text_at(10, y, title, " font-weight=\"bold\"");
  for (std::size_t index = 0; index < measures.size(); ++index) {
    const int x = names_width + static_cast<int>(index) * panel_width;
    drawing += text_at(x, y, measures.at(index).title, " class=\"note\"");
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
  int y = title_height;
  std::string drawing =
      text_at(10, 22, "What one run costs: lower is better", " font-size=\"16\"") +
      text_at(10, 42,
              "Medians. Green: do-egress-ip. Red line: its limit, 1.2 × floor or empty, the least "
              "programs possible. In each group, a column has one scale from 0.",
              " class=\"note\"");
  drawing += block("steady run", result.steady, y);
  drawing += block("first claim", result.first_claim, y);
  drawing += block("no match", result.no_match, y);
  const int height = y + line_height;
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
             "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
             "{2}<rect width=\"{0}\" height=\"{1}\" class=\"page\"/>\n",
             width, height, style) +
         drawing + "</svg>\n";
}

}  // namespace bench
