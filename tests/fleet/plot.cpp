// SPDX-License-Identifier: Apache-2.0
#include "fleet/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace fleet {
namespace {

constexpr double width = 320, height = 200, left = 60, right = 40, top = 106, gap = 90;

// Readable on a light page and on a dark one.
constexpr const char* style =
    "<style>text{fill:#1f2328}.note{fill:#57606a}.page{fill:#fff}.grid{stroke:#d0d7de}"
    ".ours{stroke:#1a7f37;stroke-width:2}.dot{fill:#1a7f37}"
    ".limit{stroke:#cf222e;stroke-width:2;stroke-dasharray:5 4}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.page{fill:#0d1117}"
    ".grid{stroke:#30363d}.ours{stroke:#3fb950}.dot{fill:#3fb950}.limit{stroke:#ff7b72}}</style>\n";

// Both axes are logarithmic, except the vertical axis of calls.
struct Panel {
  double x0;
  double most_nodes;
  std::function<double(double)> y;  // 0 to 1

  double across(double nodes) const {
    return x0 + width * std::log10(nodes / 10) / std::log10(most_nodes / 10);
  }
  double down(double value) const { return top + height * (1 - std::clamp(y(value), 0.0, 1.0)); }
};

std::string text(double x, double y, const std::string& words, const char* anchor = "middle",
                 const char* more = "") {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                     anchor, more, words);
}

std::string line(const Panel& panel, const std::vector<Point>& points, const char* look,
                 const std::function<double(const Point&)>& value) {
  std::string path;
  for (const Point& point : points) {
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", panel.across(point.nodes),
                        panel.down(value(point)));
  }
  return fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", path, look);
}

// A dot with its number, for each point.
std::string dots(const Panel& panel, const std::vector<Point>& points,
                 const std::function<double(const Point&)>& value,
                 const std::function<std::string(const Point&)>& number) {
  std::string svg;
  for (const Point& point : points) {
    const double x = panel.across(point.nodes);
    const double y = panel.down(value(point));
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"dot\"/>\n", x, y);
    const bool is_low = y + 20 > top + height;  // where the axis has its numbers
    svg += text(x + (is_low ? 10 : 6), y + (is_low ? 4 : 20), number(point), "start");
  }
  return svg;
}

std::string grouped(int number) {
  return number < 1000 ? fmt::format("{}", number)
                       : fmt::format("{},{:03}", number / 1000, number % 1000);
}

std::string readable(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1000;
  return seconds < 60     ? fmt::format("{:.0f} s", seconds)
         : seconds < 3600 ? fmt::format("{:.1f} min", seconds / 60)
                          : fmt::format("{:.1f} h", seconds / 3600);
}

std::string frame(const Panel& panel, const std::string& title,
                  const std::vector<std::pair<double, std::string>>& ticks,
                  const std::vector<Point>& points) {
  std::string svg = text(panel.x0 + width / 2, top - 26, title, "middle", " font-weight=\"bold\"");
  for (const auto& [value, label] : ticks) {
    const double y = panel.down(value);
    svg += fmt::format("<path d=\"M{:.0f} {:.1f}h{:.0f}\" class=\"grid\"/>\n", panel.x0, y, width);
    svg += text(panel.x0 - 6, y + 4, label, "end");
  }
  for (const Point& point : points) {
    svg += text(panel.across(point.nodes), top + height + 18, grouped(point.nodes));
  }
  return svg + text(panel.x0 + width / 2, top + height + 36, "nodes, on a logarithmic scale",
                    "middle", " class=\"note\"");
}

double minutes(Duration duration) {
  return std::max(static_cast<double>(duration.count()) / 60'000, 0.05);
}

}  // namespace

std::string render_plot(const std::vector<Point>& points) {
  double most = 100;
  double most_calls = 6;
  for (const Point& point : points) {
    most = std::max(most, static_cast<double>(point.nodes));
    most_calls = std::max(most_calls, point.calls);
  }
  std::vector<std::pair<double, std::string>> ticks;
  for (double value = 0; value <= most_calls; value += 2) {
    ticks.emplace_back(value, fmt::format("{:.0f}", value));
  }
  const Panel time{left, most, [](double value) { return (std::log10(value) + 1.3) / 4.8; }};
  const Panel calls{left + width + gap, most, [=](double value) { return value / most_calls; }};
  const auto until_all = [](const Point& point) { return minutes(point.until_all); };
  const auto per_node = [](const Point& point) { return point.calls; };
  const char* ours = "class=\"ours\"";
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "{2}<rect width=\"100%\" height=\"100%\" class=\"page\"/>\n",
      left + 2 * width + gap + right, top + height + 50, style);
  svg += text(10, 24, "Many nodes start at once: lower is better", "start", " font-size=\"16\"");
  svg += text(10, 46,
              "As many addresses as nodes, one token. Green: do-egress-ip. Dashed red: the least "
              "time that DigitalOcean's rate limits allow.",
              "start", " class=\"note\"");
  svg += frame(time, "time until every node has its egress IP, logarithmic",
               {{0.1, "6 s"}, {1, "1 min"}, {10, "10 min"}, {60, "1 h"}, {600, "10 h"}}, points);
  svg += line(time, points, ours, until_all);
  svg += line(time, points, "class=\"limit\"",
              [](const Point& point) { return minutes(point.limit_alone); });
  svg +=
      dots(time, points, until_all, [](const Point& point) { return readable(point.until_all); });
  svg += frame(calls, "DigitalOcean calls per node, from 0", ticks, points);
  svg += line(calls, points, ours, per_node);
  svg += dots(calls, points, per_node,
              [](const Point& point) { return fmt::format("{:.1f}", point.calls); });
  return svg + "</svg>\n";
}

}  // namespace fleet
