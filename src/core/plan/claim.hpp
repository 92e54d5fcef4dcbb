// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

// How one address is brought to its droplet, and proven (SPEC section 5): every decision of it.
// Whoever calls only reads, posts and waits.
namespace core {

// --- what was learned --------------------------------------------------------------------------

// The reply to an assignment. Whatever it says, the address itself is the truth.
struct PostReply {
  enum class Kind {
    accepted,
    refused,  // 422 is four different things: see claim.cpp
    limited,  // by the rate limit: it had no effect
    unknown,  // no usable reply: it may have taken effect
  } kind = Kind::unknown;
  std::optional<std::int64_t> action = {};  // accepted: can be asked about
  std::string message = {};                 // refused and unknown: the cause
  std::chrono::milliseconds pause{0};       // limited: how long to wait
};
struct AddressReading {
  std::optional<FloatingIp> entry = {};  // nothing: the account has no such address
};
struct HeldReading {
  std::optional<FloatingIp> entry = {};  // what the account shows this droplet to hold
};
struct ActionReading {
  bool errored = false;
};
struct HintReading {
  std::optional<bool> shown = {};  // by metadata; nothing: it cannot tell
};
using ClaimReading =
    std::variant<AddressReading, PostReply, HeldReading, ActionReading, HintReading>;

// --- what to do next ---------------------------------------------------------------------------

struct Post {};
struct ReadAgain {
  enum class What { address, held, action, hint } what = What::address;
  std::chrono::milliseconds in{0};
  bool spread = false;  // wait between half of it and the whole, so that droplets do not meet again
};
struct Won {
  FloatingIp entry;  // the address asked for, or another that the droplet has already
};
struct Lost {
  std::string why;
};
struct Failed {
  Error error;
};
using ClaimMove = std::variant<ReadAgain, Post, Won, Lost, Failed>;

// What is known of a claim under way. Time is since the run began.
struct ClaimState {
  AssignFloatingIp wanted;
  FloatingIp reading = {};  // the last one
  PostReply reply = {};     // to the last POST
  int posts = 0;            // those that may have had an effect
  int refusals = 0;         // because something was pending
  bool judging = false;     // a refusal, by what is read
  bool rested = false;      // since the last POST: the next one may be made
  bool settled = false;     // since the address was first seen to be ours
  bool hinted = false;      // once: a hint that comes early would use up the rate limit
  std::chrono::milliseconds posted_at{0};
  std::optional<std::chrono::milliseconds> interval = {};  // nothing: not waited yet
  std::optional<std::chrono::milliseconds> until = {};     // how long a hint is waited for
};

// The first move of every claim.
inline constexpr ReadAgain read_first{};

// Decides what `reading` means. A POST follows only a reading that showed the address free.
ClaimMove next(ClaimState& state, const ClaimReading& reading, std::chrono::milliseconds now);

// What follows from what is known before the claim begins; an unread address is read first.
ClaimMove first_move(const AssignFloatingIp& wanted, const std::optional<FloatingIp>& known);

// "read the address in 1000 ms", for the log and a step's reason.
std::string describe(const ClaimMove& move);

}  // namespace core
