// SPDX-License-Identifier: Apache-2.0
#include "support/print.hpp"

#include "core/plan/rules.hpp"

#include <array>

namespace support {
namespace {

template <typename Value>
std::string each(std::string_view title, const std::vector<Value>& values) {
  std::string text = fmt::format("\n  {}:", title);
  for (const Value& value : values) {
    text += "\n    " + to_text(value);
  }
  return text;
}

}  // namespace

std::string to_text(core::Exit value) {
  return fmt::format("{} ({})", core::facts_of(value).name, static_cast<int>(value));
}

std::string to_text(const core::Ipv4& value) {
  return value.to_string();
}

std::string to_text(const core::Prefix& value) {
  return value.to_string();
}

std::string to_text(const core::NextHop& value) {
  return fmt::format("via {} dev {}", value.gateway ? value.gateway->to_string() : "nothing",
                     value.ifindex);
}

std::string to_text(const core::Resolution& value) {
  return fmt::format("{} {}", value.destination.to_string(), to_text(value.hop));
}

std::string to_text(const core::SourceResolution& value) {
  return fmt::format("from {} table {}", value.source.to_string(), value.table);
}

std::string to_text(const core::Link& value) {
  return fmt::format("{}: {} {}", value.ifindex, value.name, value.mac);
}

std::string to_text(const core::LinkAddress& value) {
  return fmt::format("{}/{} dev {}", value.address.to_string(), value.length, value.ifindex);
}

std::string to_text(const core::Route& value) {
  return fmt::format("{} {}{} metric {} table {} proto {} scope {} type {} tos {}{}{}",
                     value.destination.to_string(), to_text(value.via),
                     value.source ? " src " + value.source->to_string() : "", value.metric,
                     value.table, value.protocol, value.scope, value.type, value.tos,
                     value.multipath ? " multipath" : "",
                     value.metrics.empty() ? "" : " with metrics");
}

std::string to_text(const core::Rule& value) {
  return fmt::format(
      "{}: from {}{} lookup {}{} proto {}{}", value.priority,
      value.source ? value.source->to_string() : "all",
      value.mark ? " fwmark " + core::render_mark(*value.mark) : "", value.table,
      value.suppress_prefixlength ? fmt::format(" suppress {}", *value.suppress_prefixlength) : "",
      value.protocol, value.plain ? "" : " and more");
}

std::string to_text(const core::Marking& value) {
  constexpr std::array names = {"absent", "set", "hidden", "unsupported"};
  return fmt::format("{} {}", names.at(static_cast<std::size_t>(value.state)),
                     value.address.to_string());
}

std::string to_text(const core::Network& value) {
  return each("links", value.links) + each("addresses", value.addresses) +
         each("routes", value.routes) + each("rules", value.rules) +
         "\n  marking: " + to_text(value.marking) + each("default hops", value.leaves_by) +
         each("replies", value.leaves_from);
}

std::string to_text(core::Need value) {
  constexpr std::array names = {"droplet",       "node", "account", "next_page",
                                "droplet_scope", "path", "egress"};
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace support
