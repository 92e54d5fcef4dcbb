// SPDX-License-Identifier: Apache-2.0
#include "app/apply.hpp"

#include "app/claim.hpp"
#include "cloud/metadata.hpp"

#include <span>

namespace app {
namespace {

using Result = StepRecord::Result;

enum class Kind { claim, network, node };

struct KindOf {
  Kind operator()(const core::SetRoute&) const { return Kind::network; }
  Kind operator()(const core::RemoveRoute&) const { return Kind::network; }
  Kind operator()(const core::AddRule&) const { return Kind::network; }
  Kind operator()(const core::RemoveRule&) const { return Kind::network; }
  Kind operator()(const core::ReplaceDefault&) const { return Kind::network; }
  Kind operator()(const core::AssignFloatingIp&) const { return Kind::claim; }
  Kind operator()(const core::PatchNode&) const { return Kind::node; }
};

Kind kind_of(const core::Step& step) {
  return std::visit(KindOf{}, step.action);
}

// Performs one step and tells the observer what came of it; throws what went wrong. What there is
// to say when it ended otherwise than hoped is returned.
class Perform {
 public:
  Perform(System& system, const Invocation& invocation, Observer& observer)
      : system_(system), invocation_(invocation), observer_(observer) {}

  std::string operator()(const core::SetRoute& action) { return set(action.route); }
  std::string operator()(const core::ReplaceDefault& action) { return set(action.route); }

  std::string operator()(const core::RemoveRoute& action) {
    system_.kernel.remove_route(action.route);
    return {};
  }

  std::string operator()(const core::AddRule& action) {
    system_.kernel.add_rule(action.rule);
    return {};
  }

  std::string operator()(const core::RemoveRule& action) {
    system_.kernel.remove_rule(action.rule);
    return {};
  }

  std::string operator()(const core::AssignFloatingIp& action) {
    const auto outcome = claim(system_, observer_.digitalocean(), action,
                               [&] { return metadata_shows(action.address); });
    if (const auto* gone = std::get_if<Lost>(&outcome)) {
      observer_.lost(action.address);
      return gone->why;
    }
    const auto& held = std::get<core::FloatingIp>(outcome);
    observer_.holds(held);
    return held.address == action.address
               ? std::string{}
               : fmt::format("the droplet already holds {}", held.address.to_string());
  }

  std::string operator()(const core::PatchNode& action) {
    observer_.node_is(observer_.kubernetes().patch_labels(action));
    return {};
  }

 private:
  std::string set(const core::Route& route) {
    system_.kernel.set_route(route);
    return {};
  }

  // Metadata costs nothing of the API's budget. Once it fails it is not asked again.
  bool metadata_shows(core::Ipv4 address) {
    if (metadata_failed_) {
      return false;
    }
    bool shows = false;
    const auto failure = core::failure_of([&] {
      const auto reply = system_.http.send(cloud::metadata_request(invocation_.metadata_url));
      shows = cloud::decode_metadata(reply).floating_ip == address;
    });
    metadata_failed_ = failure.has_value();
    return shows;
  }

  System& system_;
  const Invocation& invocation_;
  Observer& observer_;
  bool metadata_failed_ = false;
};

std::span<const core::Step> leading(const std::vector<core::Step>& steps) {
  std::size_t count = 0;
  while (count < steps.size() && kind_of(steps[count]) == kind_of(steps[0])) {
    ++count;
  }
  return {steps.data(), count};
}

}  // namespace

void apply_leading_steps(const std::vector<core::Step>& steps, System& system,
                         const Invocation& invocation, Observer& observer,
                         std::vector<StepRecord>& records) {
  Perform perform(system, invocation, observer);
  for (const core::Step& step : leading(steps)) {
    system.clock.check();
    records.push_back({.step = step, .result = Result::failed});
    StepRecord& record = records.back();
    const auto failure =
        core::failure_of([&] { record.detail = std::visit(perform, step.action); });
    if (!failure) {
      record.result = record.detail.empty() ? Result::done : Result::failed;
      continue;
    }
    record.detail = failure->what();
    if (kind_of(step) == Kind::node) {
      observer.node_is(core::Unavailable{*failure});
    } else {
      observer.failed(*failure);
    }
    break;
  }
  observer.read_network();
}

}  // namespace app
