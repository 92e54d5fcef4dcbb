// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_attribute.hpp"
#include "io/netlink_decode.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <map>

namespace io {
namespace {

// NFT_META_…: each attribute of an expression by its type, null where there is none.
using Attributes = std::array<const nlattr*, 16>;

constexpr std::uint32_t all_bits = 0xffffffff;

Attributes attributes_in(const nlattr* outer) {
  Attributes found = {};
  if (outer == nullptr) {
    return found;
  }
  const auto keep = [](const nlattr* inner, void* user) {
    const std::size_t type = mnl_attr_get_type(inner);
    if (type < std::tuple_size_v<Attributes>) {
      (*static_cast<Attributes*>(user))[type] = inner;
    }
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(outer, keep, &found);
  return found;
}

std::string text_of(const nlattr* attribute) {
  if (attribute == nullptr) {
    return {};
  }
  const auto bytes = payload(attribute);
  std::string text(bytes.begin(), bytes.end());
  return text.substr(0, text.find('\0'));
}

// Numbers of nf_tables are in network byte order, the values that it computes with in the host's.
std::uint32_t number_in(const nlattr* attribute) {
  std::uint32_t number = 0;
  if (attribute != nullptr) {
    copy_value(attribute, number);
  }
  return ntohl(number);
}

std::optional<std::uint32_t> value_in(const nlattr* data) {
  std::optional<std::uint32_t> value;
  if (const nlattr* inner = attributes_in(data)[NFTA_DATA_VALUE]) {
    copy_value(inner, value);
  }
  return value;
}

// 32-bit words of what an extension of iptables takes.
std::uint32_t word(const nlattr* attribute, std::size_t place) {
  std::uint32_t value = 0;
  if (attribute != nullptr && payload(attribute).size() >= (place + 1) * sizeof value) {
    std::memcpy(&value, payload(attribute).data() + place * sizeof value, sizeof value);
  }
  return value;
}

// Follows the mark through the registers of one rule. A register holds (mark & kept) ^ flipped.
class MarkReader {
 public:
  explicit MarkReader(core::MarkUse& use) : use_(use) {}

  void read(const nlattr* element) {
    const Attributes expression = attributes_in(element);
    const std::string name = text_of(expression[NFTA_EXPR_NAME]);
    const Attributes data = attributes_in(expression[NFTA_EXPR_DATA]);
    if (name == "meta") {
      read_meta(data);
    } else if (name == "bitwise") {
      read_bitwise(data);
    } else if (name == "cmp") {
      read_comparison(data);
    } else if (name == "immediate") {
      const auto value = value_in(data[NFTA_IMMEDIATE_DATA]);
      registers_[number_in(data[NFTA_IMMEDIATE_DREG])] = {.kept = 0, .flipped = value.value_or(0)};
    } else if (name == "target" && text_of(data[NFTA_TARGET_NAME]) == "MARK") {
      use_.sets |= word(data[NFTA_TARGET_INFO], 0);  // xt_mark_tginfo2: mark, mask
    } else if (name == "match" && text_of(data[NFTA_MATCH_NAME]) == "mark") {
      add_test(word(data[NFTA_MATCH_INFO], 1), word(data[NFTA_MATCH_INFO], 0));
    } else if (name != "counter") {
      registers_.clear();  // it may load anything
    }
  }

 private:
  struct Value {
    std::uint32_t kept = 0;
    std::uint32_t flipped = 0;
  };

  void read_meta(const Attributes& data) {
    const bool mark = number_in(data[NFTA_META_KEY]) == NFT_META_MARK;
    if (data[NFTA_META_DREG] != nullptr) {
      const std::uint32_t target = number_in(data[NFTA_META_DREG]);
      registers_.erase(target);
      if (mark) {
        registers_[target] = {.kept = all_bits};
      }
    } else if (mark) {
      const auto value = registers_.find(number_in(data[NFTA_META_SREG]));
      use_.sets |= value == registers_.end() ? 0 : value->second.flipped;
    }
  }

  void read_bitwise(const Attributes& data) {
    const auto from = registers_.find(number_in(data[NFTA_BITWISE_SREG]));
    const auto mask = value_in(data[NFTA_BITWISE_MASK]);
    const auto flip = value_in(data[NFTA_BITWISE_XOR]);
    const std::uint32_t target = number_in(data[NFTA_BITWISE_DREG]);
    if (from == registers_.end() || !mask || !flip) {
      registers_.erase(target);
      return;
    }
    const Value value = from->second;
    registers_[target] = {.kept = value.kept & *mask, .flipped = (value.flipped & *mask) ^ *flip};
  }

  void read_comparison(const Attributes& data) {
    const auto from = registers_.find(number_in(data[NFTA_CMP_SREG]));
    if (from != registers_.end()) {
      add_test(from->second.kept, value_in(data[NFTA_CMP_DATA]).value_or(0));
    }
  }

  // Of a comparison with the whole mark, only the bits that must be set are told.
  void add_test(std::uint32_t mask, std::uint32_t value) {
    use_.tests |= mask == all_bits ? value : mask;
  }

  core::MarkUse& use_;
  std::map<std::uint32_t, Value> registers_ = {};
};

int read_expression(const nlattr* expression, void* reader) {
  static_cast<MarkReader*>(reader)->read(expression);
  return MNL_CB_OK;
}

}  // namespace

std::optional<core::MarkUse> decode_mark_use(const nlmsghdr& message) {
  core::MarkUse use;
  MarkReader reader(use);
  each_attribute<nfgenmsg>(message, [&](const nlattr* attribute) {
    const int type = mnl_attr_get_type(attribute);
    if (type == NFTA_RULE_TABLE) {
      use.table = text_of(attribute);
    } else if (type == NFTA_RULE_CHAIN) {
      use.chain = text_of(attribute);
    } else if (type == NFTA_RULE_EXPRESSIONS) {
      mnl_attr_parse_nested(attribute, read_expression, &reader);
    }
  });
  return use.sets == 0 && use.tests == 0 ? std::nullopt : std::optional(use);
}

}  // namespace io
