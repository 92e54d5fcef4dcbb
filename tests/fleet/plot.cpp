// SPDX-License-Identifier: Apache-2.0
#include "fleet/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace fleet {
namespace {

constexpr double width = 300, height = 200, left = 60, top = 90, gap = 80;

// Readable on a light page and on a dark one.
constexpr const char* style =
    "<style>text{fill:#1f2328}.page{fill:#fff}.grid{stroke:#d0d7de}"
    ".ours{stroke:#1a7f37;stroke-width:2}.limit{stroke:#57606a;stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.grid{stroke:#30363d}"
    ".ours{stroke:#3fb950}.limit{stroke:#9198a1}}</style>\n";

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

std::string text(double x, double y, const std::string& words, const char* anchor = "middle") {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     words);
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

std::string frame(const Panel& panel, const std::string& title,
                  const std::vector<std::pair<double, std::string>>& ticks) {
  std::string svg = text(panel.x0 + width / 2, top - 15, title);
  for (const auto& [value, label] : ticks) {
    const double y = panel.down(value);
    svg += fmt::format("<path d=\"M{:.0f} {:.1f}h{:.0f}\" class=\"grid\"/>\n", panel.x0, y, width);
    svg += text(panel.x0 - 6, y + 4, label, "end");
  }
  for (double nodes = 10; nodes <= panel.most_nodes; nodes *= 10) {
    svg += text(panel.across(nodes), top + height + 18, fmt::format("{:.0f}", nodes));
  }
  return svg + text(panel.x0 + width / 2, top + height + 36, "nodes (log scale)");
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
  const std::string ours = "class=\"ours\"";
  const std::string limit = "class=\"limit\"";
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "{2}<rect width=\"100%\" height=\"100%\" class=\"page\"/>\n",
      left + 2 * width + gap + 20, top + height + 50, style);
  svg += text(10, 24, "Many nodes start at once, as many addresses, one token: lower is better",
              "start");
  svg += text(10, 44, "Green: do-egress-ip. Dashed: what DigitalOcean's rate limits allow at best.",
              "start");
  svg += frame(time, "time until every node has its egress IP (log scale)",
               {{0.1, "6 s"}, {1, "1 min"}, {10, "10 min"}, {60, "1 h"}, {600, "10 h"}});
  svg += line(time, points, limit.c_str(), [](const Point& p) { return minutes(p.limit_alone); });
  svg += line(time, points, ours.c_str(), [](const Point& p) { return minutes(p.until_all); });
  svg += frame(calls, "DigitalOcean calls per node", ticks);
  svg += line(calls, points, ours.c_str(), [](const Point& p) { return p.calls; });
  return svg + "</svg>\n";
}

}  // namespace fleet
