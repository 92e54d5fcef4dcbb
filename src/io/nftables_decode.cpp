// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_attribute.hpp"
#include "io/netlink_decode.hpp"

#include <arpa/inet.h>  // before linux/netfilter.h, or they conflict
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

// Others' rules of nf_tables, as far as they tell what becomes of what pods send.
namespace io {
namespace {

using Octets = std::vector<std::uint8_t>;

void each_nested(const nlattr* outer, const std::function<void(const nlattr*)>& visit) {
  const auto call = [](const nlattr* inner, void* user) {
    (*static_cast<const std::function<void(const nlattr*)>*>(user))(inner);
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(outer, call, const_cast<void*>(static_cast<const void*>(&visit)));
}

const nlattr* find_nested_in(const nlattr* outer, int type) {
  const nlattr* found = nullptr;
  if (outer != nullptr) {
    each_nested(outer, [&](const nlattr* inner) {
      found = mnl_attr_get_type(inner) == type ? inner : found;
    });
  }
  return found;
}

std::uint32_t number(const nlattr* outer, int type) {
  std::uint32_t value = 0;
  if (const nlattr* attribute = find_nested_in(outer, type)) {
    copy_value(attribute, value);
  }
  return ntohl(value);
}

std::string name_in(const nlattr* attribute) {
  const auto bytes = payload(attribute);
  return {bytes.begin(), std::ranges::find(bytes, std::uint8_t{0})};
}

Octets value_in(const nlattr* outer, int type) {
  const nlattr* value = find_nested_in(find_nested_in(outer, type), NFTA_DATA_VALUE);
  const auto bytes = value == nullptr ? std::span<const std::uint8_t>{} : payload(value);
  return {bytes.begin(), bytes.end()};
}

// A rule as far as it was read: what the register holds, and what it was found to ask for.
class Reader {
 public:
  void read(const std::string& name, const nlattr* data) {
    if (name == "payload") {
      load_payload(data);
    } else if (name == "meta") {
      load_meta(data);
    } else if (name == "bitwise") {
      mask_ = value_in(data, NFTA_BITWISE_MASK);
    } else if (name == "cmp") {
      compare(number(data, NFTA_CMP_OP) == NFT_CMP_EQ, value_in(data, NFTA_CMP_DATA));
    } else if (name == "immediate") {
      immediate_ = value_in(data, NFTA_IMMEDIATE_DATA);
      returns_ = returns_ || is_return(find_nested_in(data, NFTA_IMMEDIATE_DATA));
    } else if (name == "masq" || name == "notrack") {
      end(name == "masq" ? core::Translation::Kind::masquerade : core::Translation::Kind::notrack);
    } else if (name == "nat" && number(data, NFTA_NAT_TYPE) == NFT_NAT_SNAT) {
      end(core::Translation::Kind::snat);
      found_.address = address_of(immediate_);
    } else if (name == "target") {
      take_target(data);
    } else if (name == "match") {
      take_match(data);
    } else if (name != "counter" && name != "log") {
      conditional_ = true;
    }
  }

  std::optional<core::Translation> result() const {
    return ended_ && !conditional_ ? std::optional(found_) : std::nullopt;
  }

  // Whether no packet of a pod passes this rule: what follows in its chain is for others.
  bool ends_chain() const {
    return returns_ && !conditional_ && !found_.source && found_.out_device.empty();
  }

 private:
  enum class Loaded { other, source, destination, out_device, mark, harmless };

  void end(core::Translation::Kind kind) {
    found_.kind = kind;
    ended_ = true;
  }

  void load_payload(const nlattr* data) {
    constexpr std::uint32_t source = 12;
    constexpr std::uint32_t destination = 16;
    const std::uint32_t offset = number(data, NFTA_PAYLOAD_OFFSET);
    const bool network = number(data, NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_NETWORK_HEADER;
    loaded_ = network && offset == source        ? Loaded::source
              : network && offset == destination ? Loaded::destination
                                                 : Loaded::other;
    mask_.clear();
  }

  void load_meta(const nlattr* data) {
    const std::uint32_t key = number(data, NFTA_META_KEY);
    const bool sets = find_nested_in(data, NFTA_META_SREG) != nullptr;
    loaded_ = key == NFT_META_OIFNAME                                      ? Loaded::out_device
              : key == NFT_META_MARK && !sets                              ? Loaded::mark
              : key == NFT_META_IIFNAME || key == NFT_META_NFPROTO || sets ? Loaded::harmless
                                                                           : Loaded::other;
    mask_.clear();
  }

  // An exclusion, "not to the cluster's own network", leaves the internet in.
  void compare(bool equal, const Octets& value) {
    if (loaded_ == Loaded::mark) {
      require_no_mark(equal ==
                      std::ranges::all_of(value, [](std::uint8_t byte) { return byte == 0; }));
      return;
    }
    if (loaded_ == Loaded::harmless || (!equal && loaded_ != Loaded::other)) {
      return;
    }
    if (loaded_ == Loaded::source) {
      found_.source = prefix_of(value);
    } else if (loaded_ == Loaded::out_device) {
      found_.out_device = std::string(value.begin(), std::ranges::find(value, std::uint8_t{0}));
      found_.out_device += std::ranges::count(value, std::uint8_t{0}) == 0 ? "+" : "";
    } else {
      conditional_ = true;
    }
  }

  // Packets of pods carry none of the marks that others' rules ask for.
  void require_no_mark(bool met) { conditional_ = conditional_ || !met; }

  static bool is_return(const nlattr* data) {
    const nlattr* verdict = find_nested_in(data, NFTA_DATA_VERDICT);
    const auto code = static_cast<std::int32_t>(number(verdict, NFTA_VERDICT_CODE));
    return verdict != nullptr && (code == NFT_RETURN || code == NF_ACCEPT);
  }

  core::Prefix prefix_of(const Octets& value) const {
    core::Prefix prefix{.length = static_cast<int>(8 * std::min<std::size_t>(value.size(), 4))};
    std::copy_n(value.begin(), std::min<std::size_t>(value.size(), 4),
                prefix.address.octets.begin());
    if (!mask_.empty()) {
      prefix.length = 0;
      for (const std::uint8_t byte : mask_) {
        prefix.length += std::popcount(byte);
      }
    }
    return prefix;
  }

  static std::optional<core::Ipv4> address_of(const Octets& value) {
    core::Ipv4 address;
    if (value.size() != address.octets.size()) {
      return std::nullopt;
    }
    std::ranges::copy(value, address.octets.begin());
    return address;
  }

  // iptables on top of nf_tables: a target of x_tables with its own binary form.
  void take_target(const nlattr* data) {
    // Revision 0 has nf_nat_ipv4_multi_range_compat: a count, flags, an address; later ones have
    // nf_nat_range: flags, an address.
    const std::ptrdiff_t first_address = number(data, NFTA_TARGET_REV) == 0 ? 8 : 4;
    const nlattr* name = find_nested_in(data, NFTA_TARGET_NAME);
    const nlattr* info = find_nested_in(data, NFTA_TARGET_INFO);
    const std::string target = name == nullptr ? "" : name_in(name);
    const auto bytes = info == nullptr ? std::span<const std::uint8_t>{} : payload(info);
    if (target == "MASQUERADE") {
      end(core::Translation::Kind::masquerade);
    } else if (target == "SNAT" && std::ssize(bytes) >= first_address + 4) {
      end(core::Translation::Kind::snat);
      found_.address =
          address_of({bytes.begin() + first_address, bytes.begin() + first_address + 4});
    } else if (target == "NOTRACK" || (target == "CT" && !bytes.empty() && (bytes[0] & 1) != 0)) {
      end(core::Translation::Kind::notrack);
    }
  }

  void take_match(const nlattr* data) {
    struct Mark {  // struct xt_mark_mtinfo1
      std::uint32_t mark, mask;
      std::uint8_t invert;
    } wanted = {};
    const nlattr* name = find_nested_in(data, NFTA_MATCH_NAME);
    const nlattr* info = find_nested_in(data, NFTA_MATCH_INFO);
    const std::string match = name == nullptr ? "" : name_in(name);
    const auto bytes = info == nullptr ? std::span<const std::uint8_t>{} : payload(info);
    if (match == "mark" && bytes.size() > offsetof(Mark, invert)) {
      std::memcpy(&wanted, bytes.data(), offsetof(Mark, invert) + 1);
      require_no_mark((wanted.mark == 0) != (wanted.invert != 0));
    } else if (match != "comment") {
      conditional_ = true;
    }
  }

  core::Translation found_ = {};
  Loaded loaded_ = Loaded::other;
  Octets mask_ = {};
  Octets immediate_ = {};
  bool conditional_ = false;
  bool ended_ = false;
  bool returns_ = false;
};

void read_expressions(Reader& reader, const nlattr* expressions) {
  each_nested(expressions, [&](const nlattr* element) {
    if (const nlattr* name = find_nested_in(element, NFTA_EXPR_NAME)) {
      reader.read(name_in(name), find_nested_in(element, NFTA_EXPR_DATA));
    }
  });
}

}  // namespace

void Translations::add(const nlmsghdr& message) {
  Reader reader;
  bool ours = false;
  std::string chain;
  const auto* header = each_attribute<nfgenmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NFTA_RULE_TABLE) {
      ours = name_in(attribute) == "do-egress-ip";
      chain += name_in(attribute) + "/";
    } else if (mnl_attr_get_type(attribute) == NFTA_RULE_CHAIN) {
      chain += name_in(attribute);
    } else if (mnl_attr_get_type(attribute) == NFTA_RULE_EXPRESSIONS) {
      read_expressions(reader, attribute);
    }
  });
  const bool ipv4 = header != nullptr &&
                    (header->nfgen_family == NFPROTO_IPV4 || header->nfgen_family == NFPROTO_INET);
  if (header != nullptr) {
    chain += "/" + std::to_string(header->nfgen_family);
  }
  if (chain != chain_) {
    chain_ = chain;
    ended_ = false;
  }
  const auto translation = ipv4 && !ours && !ended_ ? reader.result() : std::nullopt;
  if (translation) {
    found_.push_back(*translation);
  }
  ended_ = ended_ || reader.ends_chain();
}

}  // namespace io
