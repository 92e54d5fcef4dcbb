// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

// Every decision of a claim: how one address gets to its droplet, and is proven (SPEC section 5).
// The caller only reads, posts and waits.
namespace core {

// --- readings ----------------------------------------------------------------------------------

// The reply to an assignment. The address itself decides, whatever the reply says.
struct PostReply {
  enum class Kind {
    accepted,
    refused,  // a 422 has four meanings: see claim.cpp
    limited,  // by the rate limit, without effect
    unknown,  // no usable reply, so it may have had an effect
  } kind = Kind::unknown;
  std::optional<std::int64_t> action = {};  // accepted: its id
  std::string message = {};                 // refused and unknown: the cause
  std::chrono::milliseconds pause{0};       // limited: how long to wait
};
struct AddressReading {
  std::optional<FloatingIp> entry = {};  // empty: the account has no such address
};
struct HeldReading {
  std::optional<FloatingIp> entry = {};  // the address that this droplet holds
};
struct ActionReading {
  bool errored = false;
};
struct HintReading {
  std::optional<bool> shown = {};  // by metadata; empty: metadata failed
};
using ClaimReading =
    std::variant<AddressReading, PostReply, HeldReading, ActionReading, HintReading>;

// --- moves -------------------------------------------------------------------------------------

struct Post {};
struct ReadAgain {
  enum class What { address, held, action, hint } what = What::address;
  std::chrono::milliseconds in{0};
  bool spread =
      false;  // wait a random part of it, at least half, so that droplets do not meet again
};
struct Won {
  FloatingIp entry;  // the wanted address, or another that the droplet already holds
};
struct Lost {
  std::string why;
};
struct Failed {
  Error error;
};
using ClaimMove = std::variant<ReadAgain, Post, Won, Lost, Failed>;

// The state of a claim. Times are since the start of the run.
struct ClaimState {
  AssignFloatingIp wanted;
  FloatingIp reading = {};  // of the wanted address, the last one
  PostReply reply = {};     // to the last POST
  int posts = 0;            // POSTs that may have had an effect
  int refusals = 0;         // because an action was pending
  bool judging = false;     // a refusal must be explained by readings
  bool rested = false;      // enough time since the last POST for another
  bool settled = false;     // enough time since the address was first ours
  bool hinted = false;      // a hint was used; more of them would use up the rate limit
  std::chrono::milliseconds posted_at{0};
  std::optional<std::chrono::milliseconds> interval = {};  // empty: not waited yet
  std::optional<std::chrono::milliseconds> until = {};     // when to stop waiting for a hint
};

// The first move of every claim.
inline constexpr ReadAgain read_first{};

// Decides what follows from `reading`. A POST follows only a reading that shows the address free.
ClaimMove next(ClaimState& state, const ClaimReading& reading, std::chrono::milliseconds now);

// The first move, given what is known before the claim. An unread address is read first.
ClaimMove first_move(const AssignFloatingIp& wanted, const std::optional<FloatingIp>& known);

// "read the address in 1000 ms", for the log and for a step's reason.
std::string describe(const ClaimMove& move);

}  // namespace core
