// SPDX-License-Identifier: Apache-2.0
#include "core/plan/claim.hpp"

#include "core/plan/candidates.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace core {
namespace {

using Duration = std::chrono::milliseconds;
using What = ReadAgain::What;
using Kind = PostReply::Kind;

constexpr Duration hint_interval{200};  // metadata costs nothing of the API's budget
// How often the address is read; the interval grows by half. Reads cost requests that all nodes
// share, so there are fewer while metadata can give a hint.
struct Pace {
  Duration first, longest;
};
constexpr Pace unaided{Duration{1'000}, Duration{5'000}};
constexpr Pace hinted{Duration{5'000}, Duration{10'000}};
constexpr Duration settle{1'000};     // long enough for two racing POSTs to arrive
constexpr Duration patience{30'000};  // with an accepted assignment that has no effect
constexpr int most_posts = 4;

Duration backoff(int attempt) {
  constexpr Duration first{500};
  constexpr Duration longest{5'000};
  return std::min(first * (1 << std::min(attempt, 16)), longest);
}

// A hint only: the texts are not a contract (facts 1.5).
bool names_pending_event(std::string message) {
  std::ranges::transform(message, message.begin(),
                         [](unsigned char letter) { return std::tolower(letter); });
  return message.find("pending") != std::string::npos;
}

class Decision {
 public:
  Decision(ClaimState& state, Duration now)
      : state_(state), now_(now), address_(state.wanted.address.to_string()) {}

  ClaimMove operator()(const AddressReading& reading) {
    const bool rested = std::exchange(state_.rested, false);
    const bool settled = std::exchange(state_.settled, false);
    const bool judging = std::exchange(state_.judging, false);
    if (!reading.entry) {
      return Lost{"the account has no such address"};
    }
    state_.reading = *reading.entry;
    switch (standing_of(state_.reading, state_.wanted.droplet)) {
      case Standing::lost:
        return holder_is_other();
      case Standing::pending:
        return is_unread() ? ClaimMove(Lost{"an action is pending on it"}) : wait();
      case Standing::free:
        if (is_unread() && state_.reading.region != state_.wanted.region) {
          return Lost{fmt::format("it is in region {}", state_.reading.region)};
        }
        return judging ? judge_refusal() : ask(rested);
      case Standing::mine:
        break;
    }
    if (state_.posts == 0 || settled || state_.wanted.under_lease) {
      return Won{state_.reading};
    }
    state_.settled = true;  // without a Lease the last of two POSTs wins
    return ReadAgain{.in = settle};
  }

  ClaimMove operator()(const PostReply& reply) {
    state_.reply = reply;
    if (reply.kind == Kind::limited) {  // it had no effect, and the deadline bounds the repeats
      state_.rested = true;
      return ReadAgain{.in = reply.pause};
    }
    ++state_.posts;
    state_.posted_at = now_;
    state_.interval.reset();
    state_.hinted = false;
    state_.judging = reply.kind == Kind::refused;
    return reply.kind == Kind::accepted ? wait() : ReadAgain{};
  }

  ClaimMove operator()(const ActionReading& action) {
    return action.errored ? post_again() : wait();
  }

  ClaimMove operator()(const HeldReading& held) {
    if (held.entry) {
      return Won{*held.entry};
    }
    return Failed{Error(Exit::config, "cannot assign {} to droplet {}: {}", address_,
                        state_.wanted.droplet, state_.reply.message)
                      .with_hint("check that both are in one region, and that the droplet has "
                                 "public networking and an anchor address")};
  }

  ClaimMove operator()(const HintReading& hint) {
    if (hint.shown.value_or(false)) {
      state_.hinted = true;
      state_.interval = unaided.first;
      return read_now();
    }
    if (!state_.until) {
      if (!state_.interval && state_.posts > 0 && !hint.shown) {
        state_.interval = unaided.first;
        return read_now();  // it may be done already
      }
      begin_interval(hint.shown ? hinted : unaided);
    }
    if (now_ >= *state_.until) {
      return read_now();
    }
    return hint.shown ? ReadAgain{.what = What::hint, .in = hint_interval}
                      : ReadAgain{.in = *std::exchange(state_.until, std::nullopt) - now_};
  }

 private:
  // Whether no listing showed the address, so that only its name is known.
  bool is_unread() const {
    return state_.posts == 0 && state_.refusals == 0 && !state_.wanted.region.empty();
  }

  // Refusals (422, 404; facts 1.5, traps 2, 4 and 5). The address is read first:
  //   ours                        → won: it was ours before, or our POST took effect late
  //   another droplet's, or gone  → lost: a POST would take it from its holder
  //   locked                      → wait for the action, whatever started it
  //   free, "… pending event"     → droplet or address is busy: repeat until the deadline
  //   free, the droplet holds another → won, with that one
  //   free, otherwise             → refused for good: region, anchor, networking
  ClaimMove judge_refusal() {
    if (!names_pending_event(state_.reply.message)) {
      return ReadAgain{.what = What::held};
    }
    --state_.posts;
    state_.rested = true;
    return ReadAgain{.in = backoff(state_.refusals++), .spread = true};
  }

  ClaimMove holder_is_other() const {
    if (!state_.reading.readable) {
      const std::string why = "DigitalOcean shows it in an unknown shape";
      return state_.posts == 0
                 ? ClaimMove(Lost{why})
                 : Failed{Error(Exit::software, "cannot assign {}: {}", address_, why)};
    }
    return Lost{state_.reading.holder ? fmt::format("droplet {} holds it", *state_.reading.holder)
                                      : "its holder is not shown"};
  }

  // Called when the address is free.
  ClaimMove ask(bool rested) {
    if (state_.posts == 0 || rested) {
      return Post{};
    }
    if (state_.reply.kind != Kind::accepted) {
      return post_again();
    }
    return state_.reply.action ? ReadAgain{.what = What::action} : wait();
  }

  ClaimMove post_again() {
    if (state_.posts == most_posts) {
      return Failed{gave_up()};
    }
    state_.rested = true;
    return ReadAgain{.in = backoff(state_.posts - 1), .spread = true};
  }

  Error gave_up() const {
    if (state_.reply.kind == Kind::accepted) {
      return Error(Exit::try_again, "cannot assign {}: DigitalOcean ended it as errored {} times",
                   address_, state_.posts)
          .with_hint(
              "run again, the address is still free; list the actions with: doctl compute "
              "action list");
    }
    return Error(Exit::unavailable, "cannot assign {}: it failed {} times: {}", address_,
                 state_.posts, state_.reply.message)
        .with_hint("run again later; the address is still free");
  }

  // Waits until the address is worth reading again.
  ClaimMove wait() {
    if (state_.posts > 0 && now_ - state_.posted_at > patience && !state_.reading.locked) {
      return Failed{Error(Exit::try_again,
                          "cannot assign {}: DigitalOcean accepted it and did not do it", address_)
                        .with_hint("run again; the address is still free")};
    }
    const bool may_ask = state_.posts > 0 && !state_.hinted;
    return may_ask ? ReadAgain{.what = What::hint} : (*this)(HintReading{});
  }

  void begin_interval(const Pace& pace) {
    const Duration interval = std::max(state_.interval.value_or(pace.first), pace.first);
    state_.until = now_ + interval;
    state_.interval = std::min(interval * 3 / 2, pace.longest);
  }

  ClaimMove read_now() {
    state_.until.reset();
    return ReadAgain{};
  }

  ClaimState& state_;
  Duration now_;
  std::string address_;
};

struct Describe {
  std::string operator()(const Post&) const { return "assign it"; }
  std::string operator()(const ReadAgain& move) const {
    constexpr std::array<std::string_view, 4> names = {"the address", "what the droplet holds",
                                                       "the action", "metadata"};
    return fmt::format("read {}{}", names.at(static_cast<std::size_t>(move.what)),
                       move.in.count() > 0 ? fmt::format(" in {} ms", move.in.count()) : "");
  }
  std::string operator()(const Won& move) const {
    return fmt::format("the droplet holds {}", move.entry.address.to_string());
  }
  std::string operator()(const Lost& move) const { return "lost: " + move.why; }
  std::string operator()(const Failed& move) const { return move.error.what(); }
};

}  // namespace

ClaimMove next(ClaimState& state, const ClaimReading& reading, Duration now) {
  return std::visit(Decision(state, now), reading);
}

ClaimMove first_move(const AssignFloatingIp& wanted, const std::optional<FloatingIp>& known) {
  ClaimState state{.wanted = wanted};
  return known ? next(state, AddressReading{known}, Duration{0}) : read_first;
}

std::string describe(const ClaimMove& move) {
  return std::visit(Describe{}, move);
}

}  // namespace core
