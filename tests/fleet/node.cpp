// SPDX-License-Identifier: Apache-2.0
#include "fleet/node.hpp"

#include "app/run/reconcile.hpp"
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
    default:
      return {10'000, 300'000};
  }
}

}  // namespace

void Node::start(Millis time) {
  shared_.fibers.at(time, [this] { run(); });
}

void Node::run() {
  const app::Invocation& common = shared_.invocation;
  app::Invocation invocation = common;
  invocation.config.node_name = name_;
  invocation.metadata_url = common.metadata_url + "/droplets/" + std::to_string(droplet_);
  RunClock clock(shared_, invocation.timeout);
  const io::Log log(io::LogFormat::text, io::Level::error);
  const io::Random chance = [this] { return random(); };
  const auto http =
      io::make_retrying_http(std::make_unique<Transport>(shared_, droplet_), clock, log, chance);
  app::System system{*http, shared_.kernel, clock, shared_.guards, shared_.locks, log, chance};
  const app::Outcome outcome = app::reconcile(system, invocation);
  const core::Exit exit = outcome.ending.exit;
  ++shared_.exits[exit];
  const bool good = exit == core::Exit::ok;
  if (good != good_) {
    shared_.standing += good ? 1 : -1;
    shared_.settled = shared_.fibers.now();
    good_ = good;
  }
  start(shared_.fibers.now() + pause_after(exit));
}

Millis Node::pause_after(core::Exit exit) {
  const auto [first, most] = class_of(exit, shared_.interval);
  if (exit == core::Exit::ok) {
    first_wait_ = first;
    return first;
  }
  wait_ = first == first_wait_ ? std::min(wait_ * 2, most) : first;
  first_wait_ = first;
  return static_cast<Millis>(static_cast<double>(wait_) * (0.75 + random() / 2));
}

}  // namespace fleet
