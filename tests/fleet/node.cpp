// SPDX-License-Identifier: Apache-2.0
#include "fleet/node.hpp"

#include "app/run/reconcile.hpp"
#include "core/plan/pool.hpp"
#include "fleet/transport.hpp"

#include <algorithm>

namespace fleet {
namespace {

// Virtual time since the start of a run.
class RunClock : public io::Clock {
 public:
  RunClock(Shared& shared, io::Duration deadline)
      : shared_(shared), begun_(shared.fibers.now()), deadline_(deadline) {}

  io::Duration elapsed() const override { return io::Duration{shared_.fibers.now() - begun_}; }
  std::chrono::seconds wall() const override {
    return std::chrono::seconds{(shared_.epoch + shared_.fibers.now()) / 1000};
  }
  io::Duration deadline() const override { return deadline_; }
  io::Duration remaining() const override {
    return std::max(deadline_ - elapsed(), io::Duration{0});
  }
  void sleep(io::Duration duration) override {
    if (duration > remaining()) {
      throw core::Error(core::Exit::try_again, "the deadline does not allow waiting {} ms",
                        duration.count());
    }
    shared_.fibers.sleep_until(shared_.fibers.now() + duration.count());
  }
  void check() override {}
  int wake_descriptor() const override { return -1; }

 private:
  Shared& shared_;
  Millis begun_;
  io::Duration deadline_;
};

struct Class {
  Millis first, most;
};

// Classifies exit codes like scripts/loop.
Class class_of(core::Exit exit, Millis interval) {
  using enum core::Exit;
  switch (exit) {
    case ok:
      return {interval, interval};
    case degraded:
    case gate_failed:
      return {interval, 60'000};
    case foreign_ip:
    case usage:
    case software:
    case os_error:
    case no_permission:
    case config:
      return {60'000, 300'000};
    case try_again:
      return {10'000, 60'000};
    case pool_exhausted:
    case claim_lost:
      return {10'000, 45'000};
    default:
      return {10'000, 300'000};
  }
}

}  // namespace

void Node::start(Millis time) {
  shared_.fibers.at(time, [this] { run(); });
}

app::Outcome run_program(Shared& shared, sim::DropletId droplet, const std::string& name,
                         const io::Random& chance) {
  const app::Invocation& common = shared.invocation;
  app::Invocation invocation = common;
  invocation.config.node_name = name;
  invocation.metadata_url = common.metadata_url + "/droplets/" + std::to_string(droplet);
  RunClock clock(shared, invocation.timeout);
  const io::Log log(io::LogFormat::text, io::Level::error);
  const auto http = io::make_retrying_http(std::make_unique<Transport>(shared, droplet), clock, log,
                                           chance, core::crowd_of(invocation.config.pool.size()));
  app::System system{*http, shared.kernel, clock, shared.guards, shared.locks, log, chance};
  return app::reconcile(system, invocation);
}

void Node::run() {
  const app::Outcome outcome = run_program(shared_, droplet_, name_, [this] { return random(); });
  const core::Exit exit = outcome.ending.exit;
  ++shared_.exits[exit];
  const bool good = exit == core::Exit::ok;
  if (good != good_) {
    shared_.standing += good ? 1 : -1;
    shared_.settled = shared_.fibers.now();
    good_ = good;
  }
  start(shared_.fibers.now() + pause_after(outcome.ending));
}

Millis Node::pause_after(const core::Ending& ending) {
  const core::Exit exit = ending.exit;
  const auto [first, most] = class_of(exit, shared_.interval);
  if (exit == core::Exit::ok) {
    first_wait_ = first;
    return first;
  }
  wait_ = first == first_wait_ ? std::min(wait_ * 2, most) : first;
  first_wait_ = first;
  const auto pause = static_cast<Millis>(static_cast<double>(wait_) * (0.75 + random() / 2));
  // As scripts/loop reads retry_after_seconds.
  const Millis asked = ending.retry_after ? ending.retry_after->count() * 1'000 : 0;
  return asked > pause ? asked + pause % 10'000 : pause;
}

}  // namespace fleet
