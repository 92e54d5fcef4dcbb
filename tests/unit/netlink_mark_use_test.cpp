// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"
#include "unit/netlink_message.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <string>

using unit::Message;

// Which bits of the mark a rule of nf_tables sets and tests, from the expressions that the kernel
// lists for it.

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes attribute(int type, const Bytes& payload) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()),
                      .nla_type = static_cast<std::uint16_t>(type)};
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

Bytes words(const std::vector<std::uint32_t>& values) {
  Bytes bytes(values.size() * sizeof(std::uint32_t));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Bytes number(int type, std::uint32_t value) {
  return attribute(type, words({htonl(value)}));
}

Bytes value(int type, std::uint32_t value) {
  return attribute(type, attribute(NFTA_DATA_VALUE, words({value})));
}

Bytes text(int type, const std::string& text) {
  return attribute(type, Bytes(text.begin(), text.end() + 1));
}

Bytes join(const std::vector<Bytes>& parts) {
  Bytes whole;
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

Bytes expression(const std::string& name, const std::vector<Bytes>& data) {
  return attribute(NFTA_LIST_ELEM,
                   join({text(NFTA_EXPR_NAME, name), attribute(NFTA_EXPR_DATA, join(data))}));
}

const Bytes load_mark =
    expression("meta", {number(NFTA_META_KEY, NFT_META_MARK), number(NFTA_META_DREG, NFT_REG_1)});
const Bytes set_mark =
    expression("meta", {number(NFTA_META_KEY, NFT_META_MARK), number(NFTA_META_SREG, NFT_REG_1)});
const Bytes load_other =
    expression("ct", {number(NFTA_CT_KEY, NFT_CT_MARK), number(NFTA_CT_DREG, NFT_REG_1)});

Bytes compute(std::uint32_t mask, std::uint32_t flip) {
  return expression("bitwise",
                    {number(NFTA_BITWISE_SREG, NFT_REG_1), number(NFTA_BITWISE_DREG, NFT_REG_1),
                     value(NFTA_BITWISE_MASK, mask), value(NFTA_BITWISE_XOR, flip)});
}

Bytes load_value(std::uint32_t wanted) {
  return expression("immediate",
                    {number(NFTA_IMMEDIATE_DREG, NFT_REG_1), value(NFTA_IMMEDIATE_DATA, wanted)});
}

Bytes compare(std::uint32_t wanted) {
  return expression("cmp", {number(NFTA_CMP_SREG, NFT_REG_1), value(NFTA_CMP_DATA, wanted)});
}

Bytes extension(const std::string& kind, const std::string& name, int info,
                const std::vector<std::uint32_t>& settings) {
  return expression(kind, {text(1, name), attribute(info, words(settings))});
}

Message rule(const std::vector<Bytes>& expressions) {
  return Message(nfgenmsg{.nfgen_family = AF_INET, .version = 0, .res_id = 0})
      .text(NFTA_RULE_TABLE, {"marks\0", 6})
      .text(NFTA_RULE_CHAIN, {"raw\0", 4})
      .bytes(NFTA_RULE_EXPRESSIONS, join(expressions));
}

// (sets, tests)
std::pair<std::uint32_t, std::uint32_t> use_in(const std::vector<Bytes>& expressions) {
  const auto use = rule(expressions).decoded_by(io::decode_mark_use).value_or(core::MarkUse{});
  return {use.sets, use.tests};
}

using Use = std::pair<std::uint32_t, std::uint32_t>;

}  // namespace

TEST_CASE("netlink: a rule of nf_tables tells which bits of the mark it sets") {
  const auto use =
      rule({load_mark, compute(~0x1000U, 0x1000), set_mark}).decoded_by(io::decode_mark_use);
  CHECK(use == core::MarkUse{.table = "marks", .chain = "raw", .sets = 0x1000});
  CHECK(use_in({load_value(0x539), set_mark}) == Use{0x539, 0});
  CHECK(use_in({load_mark, compute(0xff00ffff, 0x40000), set_mark}) == Use{0x40000, 0});
  CHECK(use_in({extension("target", "MARK", NFTA_TARGET_INFO, {0x1000, 0x1000})}) ==
        Use{0x1000, 0});
}

TEST_CASE("netlink: a rule of nf_tables tells which bits of the mark it tests") {
  CHECK(use_in({load_mark, compute(0x4000, 0), compare(0)}) == Use{0, 0x4000});
  CHECK(use_in({load_mark, compare(0x1539)}) == Use{0, 0x1539});
  CHECK(use_in({extension("match", "mark", NFTA_MATCH_INFO, {0, 0x3000, 0})}) == Use{0, 0x3000});
}

TEST_CASE(
    "netlink: a rule of nf_tables that takes the mark from elsewhere, or not at all, is none") {
  CHECK(use_in({load_other, set_mark}) == Use{0, 0});
  CHECK(use_in({load_mark, load_other, compare(0x1000)}) == Use{0, 0});
  CHECK(use_in({load_value(0x1000)}) == Use{0, 0});
  CHECK(use_in({extension("target", "LOG", NFTA_TARGET_INFO, {0x1000, 0x1000})}) == Use{0, 0});
}

TEST_CASE("netlink: a rule of nf_tables that is cut off anywhere does no harm") {
  const Message whole =
      rule({load_mark, compute(~0x1000U, 0x1000), set_mark,
            extension("match", "mark", NFTA_MATCH_INFO, {0, 0x3000, 0}), compare(1)});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    whole.decoded_by(io::decode_mark_use, size);
  }
}
