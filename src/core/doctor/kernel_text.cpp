// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/kernel_text.hpp"

#include "core/ip.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace core {
namespace {

enum class Form : std::uint8_t { number, bits, address, text, bytes, counters };

// Where a number is in a header.
struct Field {
  std::string_view name;
  std::size_t offset;
  std::size_t size;
};
struct Attribute {
  std::uint16_t type;
  Form form;
  std::string_view name;
};
struct Layout {
  std::span<const Field> fields;
  std::span<const Attribute> attributes;
};

// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/fib_rules.h
constexpr Field link_fields[] = {{"type", 2, 2}, {"ifindex", 4, 4}, {"flags", 8, 4}};
constexpr Attribute link_attributes[] = {
    {1, Form::bytes, "address"},     {2, Form::bytes, "broadcast"}, {3, Form::text, "ifname"},
    {4, Form::number, "mtu"},        {5, Form::number, "link"},     {6, Form::text, "qdisc"},
    {7, Form::counters, "stats"},    {10, Form::number, "master"},  {14, Form::counters, "map"},
    {16, Form::number, "operstate"}, {18, Form::bytes, "linkinfo"}, {20, Form::text, "ifalias"},
    {23, Form::counters, "stats64"}, {26, Form::bytes, "af_spec"},  {27, Form::number, "group"},
    {33, Form::number, "carrier"},   {37, Form::number, "netnsid"}, {43, Form::bytes, "xdp"}};
constexpr Field address_fields[] = {
    {"prefixlen", 1, 1}, {"flags", 2, 1}, {"scope", 3, 1}, {"ifindex", 4, 4}};
constexpr Attribute address_attributes[] = {
    {1, Form::address, "address"},   {2, Form::address, "local"},      {3, Form::text, "label"},
    {4, Form::address, "broadcast"}, {6, Form::counters, "cacheinfo"}, {8, Form::bits, "flags"}};
constexpr Field rule_fields[] = {
    {"dst_len", 1, 1}, {"src_len", 2, 1}, {"tos", 3, 1}, {"action", 7, 1}, {"flags", 8, 4}};
constexpr Attribute rule_attributes[] = {
    {1, Form::address, "dst"},     {2, Form::address, "src"},
    {3, Form::text, "iif"},        {4, Form::number, "goto"},
    {6, Form::number, "priority"}, {10, Form::bits, "fwmark"},
    {11, Form::bits, "realms"},    {13, Form::number, "suppress_ifgroup"},
    {15, Form::number, "table"},   {14, Form::number, "suppress_prefixlength"},
    {16, Form::bits, "fwmask"},    {17, Form::text, "oif"},
    {19, Form::number, "l3mdev"},  {21, Form::number, "protocol"},
    {22, Form::number, "ipproto"}};
constexpr Field route_fields[] = {{"dst_len", 1, 1},  {"src_len", 2, 1}, {"tos", 3, 1},
                                  {"protocol", 5, 1}, {"scope", 6, 1},   {"type", 7, 1},
                                  {"flags", 8, 4}};
constexpr Attribute route_attributes[] = {
    {1, Form::address, "dst"},     {4, Form::number, "oif"},   {5, Form::address, "via"},
    {6, Form::number, "metric"},   {7, Form::address, "src"},  {8, Form::bytes, "metrics"},
    {9, Form::bytes, "multipath"}, {11, Form::bits, "realms"}, {15, Form::number, "table"},
    {16, Form::bits, "mark"},      {18, Form::bytes, "via"},   {21, Form::number, "encap_type"},
    {22, Form::bytes, "encap"},    {30, Form::number, "nhid"}};

// A number in the byte order of the host.
std::uint32_t number_in(std::string_view bytes) {
  if (bytes.size() == 1) {
    return static_cast<std::uint8_t>(bytes[0]);
  }
  std::uint16_t small = 0;
  std::uint32_t large = 0;
  if (bytes.size() == sizeof small) {
    std::memcpy(&small, bytes.data(), sizeof small);
    return small;
  }
  std::memcpy(&large, bytes.data(), sizeof large);
  return large;
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<std::uint8_t>(byte));
  }
  return text;
}

// A value of a size that its form cannot have is shown as bytes.
std::string value_of(std::string_view bytes, Form form) {
  const std::size_t size = bytes.size();
  if (form == Form::text) {
    return escape(bytes.substr(0, std::min(bytes.find('\0'), size)));
  }
  if (form == Form::address && size == 4) {
    Ipv4 address;
    std::memcpy(address.octets.data(), bytes.data(), size);
    return address.to_string();
  }
  const bool whole = size == 1 || size == 2 || size == 4;
  if (whole && form == Form::number) {
    return fmt::format("{}", number_in(bytes));
  }
  return whole && form == Form::bits ? fmt::format("{:#x}", number_in(bytes)) : hex_of(bytes);
}

std::string render_attribute(const Layout& layout, std::uint16_t type, std::string_view bytes) {
  const auto known = std::ranges::find(layout.attributes, type, &Attribute::type);
  if (known == layout.attributes.end()) {
    return fmt::format(" {}:{}", type, hex_of(bytes));
  }
  return known->form == Form::counters
             ? ""
             : fmt::format(" {} {}", known->name, value_of(bytes, known->form));
}

std::string render(const KernelObject& object, const Layout& layout) {
  const std::string_view header = object.header;
  std::string line;
  for (const Field& field : layout.fields) {
    if (header.size() >= field.offset + field.size) {
      line += fmt::format("{}{} {}", line.empty() ? "" : " ", field.name,
                          number_in(header.substr(field.offset, field.size)));
    }
  }
  for (const auto& [type, bytes] : object.attributes) {
    line += render_attribute(layout, type, bytes);
  }
  return line;
}

std::vector<std::string> render(const std::vector<KernelObject>& objects, const Layout& layout) {
  std::vector<std::string> lines;
  std::ranges::transform(objects, std::back_inserter(lines),
                         [&](const KernelObject& object) { return render(object, layout); });
  return lines;
}

}  // namespace

std::vector<std::string> render_links(const KernelDump& dump) {
  return render(dump.links, {link_fields, link_attributes});
}

std::vector<std::string> render_addresses(const KernelDump& dump) {
  return render(dump.addresses, {address_fields, address_attributes});
}

std::vector<std::string> render_rules(const KernelDump& dump) {
  return render(dump.rules, {rule_fields, rule_attributes});
}

std::vector<std::string> render_routes(const KernelDump& dump) {
  return render(dump.routes, {route_fields, route_attributes});
}

}  // namespace core
