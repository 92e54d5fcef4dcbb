// SPDX-License-Identifier: Apache-2.0
#include "app/run/claim.hpp"

#include "core/plan/candidates.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace app {
namespace {

using core::Standing;
using Answer = cloud::DigitalOcean::Assignment::Answer;

constexpr io::Duration hint_interval{200};  // of asking what is free to ask
// Of reading the address, growing by half; it costs requests that all nodes share, so less often
// while there is a hint to wait for.
struct Pace {
  io::Duration first, longest;
};
constexpr Pace unaided{io::Duration{1'000}, io::Duration{5'000}};
constexpr Pace hinted{io::Duration{5'000}, io::Duration{10'000}};
constexpr io::Duration settle{1'000};     // two POSTs that raced have both arrived by then
constexpr io::Duration patience{30'000};  // for an accepted assignment that shows no effect
constexpr int most_posts = 4;
constexpr io::RetryPolicy busy{.first = io::Duration{500}, .most = io::Duration{5'000}};

bool tells_of_pending_event(std::string message) {
  std::ranges::transform(message, message.begin(),
                         [](unsigned char letter) { return std::tolower(letter); });
  return message.find("pending") != std::string::npos;
}

class Claiming {
 public:
  Claiming(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
           const Hint& hint)
      : system_(system), digitalocean_(digitalocean), wanted_(wanted), hint_(hint) {}

  Claim run() {
    for (;;) {
      if (const auto end = advance(look())) {
        return *end;
      }
    }
  }

 private:
  // Does what follows from the address's standing; the end of the claim, where that is it.
  std::optional<Claim> advance(Standing standing) {
    const bool settled = std::exchange(settled_, false);
    switch (standing) {
      case Standing::lost:
        return Lost{why_lost()};
      case Standing::free:
        if (unread() && reading_.region != wanted_.region) {
          return Lost{fmt::format("it is in region {}", reading_.region)};
        }
        return take();
      case Standing::pending:
        if (unread()) {
          return Lost{"an action is pending on it"};
        }
        wait();
        return std::nullopt;
      case Standing::mine:
        break;
    }
    if (posts_ == 0 || settled || wanted_.leased) {
      return reading_;
    }
    system_.clock.sleep(settle);  // without a lock, the last POST of two wins: look again
    settled_ = true;
    return std::nullopt;
  }

  // Nothing but its name is known: no listing showed it.
  bool unread() const { return posts_ == 0 && refusals_ == 0 && !wanted_.region.empty(); }

  // After an accepted POST there is nothing to see yet, unless the hint says so.
  Standing look() {
    if (std::exchange(just_accepted_, false)) {
      wait();
    }
    return read();
  }

  Standing read() {
    const auto reading = digitalocean_.read_address(wanted_.address);
    known_ = reading.has_value();
    if (!reading) {
      return Standing::lost;
    }
    reading_ = *reading;
    return core::standing_of(reading_, wanted_.droplet);
  }

  std::string why_lost() const {
    if (!known_) {
      return "the account has no such address";
    }
    return reading_.holder ? fmt::format("droplet {} holds it", *reading_.holder)
                           : "who holds it is not shown";
  }

  // The address is free: asks for it, or waits for what was asked before. What the droplet holds
  // instead, where that turns out.
  std::optional<core::FloatingIp> take() {
    if (assignment_.answer == Answer::accepted && posts_ > 0 && !action_failed()) {
      wait();
      return std::nullopt;
    }
    if (posts_ == most_posts) {
      throw given_up();
    }
    if (posts_ > 0) {
      system_.clock.sleep(io::backoff(busy, posts_ - 1, system_.random));
      if (read() != Standing::free) {
        return std::nullopt;
      }
    }
    return post();
  }

  std::optional<core::FloatingIp> post() {
    assignment_ = digitalocean_.assign(wanted_.address, wanted_.droplet);
    if (assignment_.answer == Answer::limited) {
      wait_for_rate_limit();  // it had no effect, and the deadline bounds this
      return std::nullopt;
    }
    posted_at_ = system_.clock.elapsed();
    interval_.reset();
    hinted_ = false;
    just_accepted_ = assignment_.answer == Answer::accepted;
    ++posts_;
    return assignment_.answer == Answer::refused ? refused() : std::nullopt;
  }

  // 422 is four different things (facts, trap 4); the address itself tells which.
  std::optional<core::FloatingIp> refused() {
    if (read() != Standing::free) {
      return std::nullopt;
    }
    if (tells_of_pending_event(assignment_.message)) {
      --posts_;  // the droplet or the address is busy: the deadline bounds this
      system_.clock.sleep(io::backoff(busy, refusals_++, system_.random));
      return std::nullopt;
    }
    for (const core::FloatingIp& entry : digitalocean_.list_addresses()) {
      if (entry.holder == wanted_.droplet) {
        return entry;
      }
    }
    throw core::Error(core::Exit::config, "DigitalOcean refuses to assign {} to droplet {}: {}",
                      wanted_.address.to_string(), wanted_.droplet, assignment_.message)
        .with_hint(
            "the droplet and the address must be in one region, and the droplet needs "
            "public networking and an anchor address");
  }

  bool action_failed() {
    return assignment_.action && digitalocean_.has_errored(wanted_.address, *assignment_.action);
  }

  core::Error given_up() const {
    const std::string address = wanted_.address.to_string();
    if (assignment_.answer == Answer::unknown) {
      return core::Error(core::Exit::unavailable, "assigning {} failed {} times: {}", address,
                         posts_, assignment_.message)
          .with_hint("the address is still free; run again later");
    }
    return core::Error(core::Exit::try_again,
                       "DigitalOcean ended the assignment of {} as errored, "
                       "{} times",
                       address, posts_)
        .with_hint(
            "the address is still free; run again, or see the action's history with "
            "doctl compute action");
  }

  void wait_for_rate_limit() {
    system_.clock.sleep(io::rate_limit_pause(assignment_.reply, system_.clock, system_.random,
                                             io::spread_under_way, unaided.longest));
  }

  // Until the address is worth reading again.
  void wait() {
    if (posts_ > 0 && system_.clock.elapsed() - posted_at_ > patience && !reading_.locked) {
      throw core::Error(core::Exit::try_again,
                        "DigitalOcean accepted the assignment of {}, but nothing came of it",
                        wanted_.address.to_string())
          .with_hint("the address is still free; run again");
    }
    system_.log.progress(fmt::format("waiting for {} to be assigned", wanted_.address.to_string()));
    auto hint = ask_hint();
    if (!interval_ && posts_ > 0 && !hint) {
      interval_ = unaided.first;
      return;  // the first look is by reading
    }
    const Pace pace = hint ? hinted : unaided;
    const io::Duration interval = std::max(interval_.value_or(pace.first), pace.first);
    for (io::Duration waited{0}; waited < interval; waited += hint_interval) {
      if (hint.value_or(false)) {
        hinted_ = true;  // once: where it is early, reading at its pace would use up the rate limit
        interval_ = unaided.first;
        return;
      }
      system_.clock.sleep(hint_interval);
      hint = ask_hint();
    }
    interval_ = std::min(interval * 3 / 2, pace.longest);
  }

  std::optional<bool> ask_hint() { return hinted_ || posts_ == 0 ? std::nullopt : hint_(); }

  System& system_;
  cloud::DigitalOcean& digitalocean_;
  core::AssignFloatingIp wanted_;
  const Hint& hint_;
  core::FloatingIp reading_ = {};
  bool known_ = false;
  bool settled_ = false;
  bool hinted_ = false;
  cloud::DigitalOcean::Assignment assignment_ = {};
  int posts_ = 0;
  int refusals_ = 0;
  io::Duration posted_at_ = {};
  std::optional<io::Duration> interval_ = {};  // nothing: not waited yet
  bool just_accepted_ = false;
};

}  // namespace

Claim claim(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
            const Hint& hint) {
  return Claiming(system, digitalocean, wanted, hint).run();
}

}  // namespace app
