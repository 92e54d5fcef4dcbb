// SPDX-License-Identifier: Apache-2.0
#include "app/run/observe.hpp"

#include "app/run/account.hpp"
#include "app/run/change.hpp"
#include "app/run/prove.hpp"
#include "cloud/leases.hpp"
#include "cloud/metadata.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/switch.hpp"

#include <algorithm>
#include <utility>

namespace app {

using core::Need;
namespace {

// After a route change, retry only requests that got no reply. A 429 or 403 stays valid.
template <class Fact>
bool is_worth_asking_again(const Fact& fact) {
  const auto* unavailable = std::get_if<core::Unavailable>(&fact);
  return unavailable != nullptr && unavailable->error.exit() == core::Exit::unavailable;
}

}  // namespace

Observer::Observer(System& system, const Invocation& invocation)
    : system_(system),
      invocation_(invocation),
      digitalocean_(system.http, invocation.digitalocean.url, invocation.digitalocean.ca_file,
                    invocation.digitalocean.token),
      reviews_(system.http, invocation),
      turn_(system) {
  if (invocation.kubernetes) {
    kubernetes_.emplace(system.http, invocation.kubernetes->url, invocation.kubernetes->ca_file,
                        invocation.kubernetes->token);
  }
  clear_facts();
}

// A dry run writes nothing, so it assumes the proofs and shows what would follow.
void Observer::clear_facts() {
  const bool assumed = invocation_.writes == Writes::none;
  cancel_node();
  found_ = core::Observation{.looks = assumed, .path_proven = assumed, .egress_proven = assumed};
  if (invocation_.command != Command::reconcile) {
    found_.rights.emplace<std::vector<core::Right>>();
  }
  if (!kubernetes_) {
    found_.node = core::NoKubernetes{};
  }
}

void Observer::read_network() {
  core::Network now = system_.kernel.read();
  now.may_change = now.may_change || invocation_.command == Command::status;
  if (marking_fails_) {
    now.marking = {.state = core::Marking::State::unsupported};
  }
  if (now == found_.network) {
    return;
  }
  const bool was_cut_off = core::is_cut_off(found_);
  found_.network = std::move(now);
  if (was_cut_off) {
    cancel_node();  // the request uses the dead route
  }
  if (is_worth_asking_again(found_.node)) {
    found_.node = core::NotAsked{};
  }
  if (is_worth_asking_again(found_.account)) {
    found_.account = core::NotAsked{};
  }
}

void Observer::read_facts(const std::vector<Need>& needs) {
  if (std::ranges::find(needs, Need::rights) != needs.end()) {
    reviews_.start(*kubernetes_, find_detour());
  }
  for (const Need need : needs) {
    read_fact(need);
  }
}

void Observer::read_fact(Need need) {
  switch (need) {
    case Need::droplet:
      return read_droplet();
    case Need::node:
      return read_node();
    case Need::pods:
      return read_pods();
    case Need::account:
      return read_addresses();
    case Need::next_page:
      return read_page();
    case Need::droplet_scope:
      return prove_scope();
    case Need::rights:
      return read_rights();
    case Need::path:
    case Need::egress:
      return prove(need);
  }
}

// Reads the Node in parallel, so that a steady run is one round trip deep.
void Observer::read_droplet() {
  io::Request request = cloud::metadata_request(invocation_.metadata_url);
  request.source = find_detour();
  const auto ticket = system_.http.start(request);
  start_node();
  const auto failure = core::catch_error_except_signals([&] {
    core::attempt("read the droplet's metadata",
                  [&] { found_.droplet = cloud::decode_metadata(system_.http.wait(ticket)); });
  });
  if (failure) {
    found_.droplet_error = *failure;
  }
}

void Observer::start_node() {
  if (node_under_way_ || !std::holds_alternative<core::NotAsked>(found_.node)) {
    return;
  }
  const auto failure = core::catch_error_except_signals([&] {
    io::Request request = kubernetes_->node_request(invocation_.config.node_name);
    request.source = find_detour();
    node_under_way_ = system_.http.start(request);
  });
  if (failure) {  // no token
    found_.node = core::Unavailable{*failure};
  }
}

void Observer::cancel_node() {
  if (node_under_way_) {
    system_.http.cancel(*node_under_way_);
    node_under_way_.reset();
  }
}

std::optional<io::Source> Observer::find_detour() const {
  const auto path = core::find_detour(found_);
  return path ? std::optional(io::Source{path->address, path->via.ifindex}) : std::nullopt;
}

void Observer::read_node() {
  if (invocation_.writes == Writes::none && core::is_cut_off(found_)) {
    cancel_node();  // a dry run keeps the dead default
  }
  start_node();
  if (!node_under_way_) {
    return;
  }
  const auto ticket = *node_under_way_;
  node_under_way_.reset();
  const std::string& name = invocation_.config.node_name;
  const auto failure = core::catch_error_except_signals([&] {
    found_.node = core::attempt(fmt::format("read Node {}", name), [&] {
      return kubernetes_->decode_node(name, system_.http.wait(ticket));
    });
  });
  if (failure) {
    found_.node = core::Unavailable{*failure};
  } else if (!initial_label_) {
    const auto& labels = std::get<core::Node>(found_.node).labels;
    const auto label = labels.find(invocation_.config.address_label);
    initial_label_ = label == labels.end() ? std::string{} : label->second;
  }
}

LeaseState Observer::read_lease(core::Ipv4 address) {
  LeaseState lease{.address = address};
  lease.error = core::catch_error_except_signals([&] {
    lease.holder = cloud::read_holder(*kubernetes_, invocation_.name_space, address, find_detour());
  });
  return lease;
}

// Without an answer, the account is unavailable.
void Observer::ask_account(const std::function<void()>& ask) {
  digitalocean_.set_source(find_detour());
  const auto failure = core::catch_error_except_signals(ask);
  digitalocean_.set_source(std::nullopt);
  if (failure) {
    found_.account = core::Unavailable{*failure};
  }
}

void Observer::read_page() {
  ask_account([&] {
    read_next_page(digitalocean_, invocation_.config.pool, *found_.droplet,
                   std::get<core::Account>(found_.account));
  });
}

void Observer::read_addresses() {
  if (invocation_.reach == Reach::local) {
    found_.account =
        core::Unavailable{core::Error(core::Exit::changed, "the droplet holds no reserved IP")
                              .with_hint("run do-egress-ip reconcile")};
    return;
  }
  const auto* known = std::get_if<core::Account>(&found_.account);
  const bool proven = known != nullptr && known->shows_droplets;
  ask_account([&] {
    const bool claims =
        invocation_.command == Command::reconcile && invocation_.writes == Writes::apply;
    core::Account account = read_account(digitalocean_, invocation_.config.pool, &*found_.droplet,
                                         claims ? Extent::claim : Extent::whole);
    account.shows_droplets = account.shows_droplets || proven;
    found_.account = std::move(account);
  });
}

void Observer::prove_scope() {
  ask_account([&] {
    require_sight(digitalocean_, found_.droplet->id);
    std::get<core::Account>(found_.account).shows_droplets = true;
  });
}

void Observer::note_lost(core::Ipv4 address) {
  found_.lost_candidates.insert(address);
  auto* account = std::get_if<core::Account>(&found_.account);
  if (account != nullptr && account->ours && account->ours->address == address) {
    account->ours.reset();
  }
}

void Observer::note_lost_after_read(core::Ipv4 address) {
  note_lost(address);
  ++found_.lost_after_read;
}

void Observer::reread_node() {
  constexpr int most_changes = 20;
  if (++node_changes_ > most_changes) {
    throw core::Error(core::Exit::gate_failed,
                      "cannot update Node {}: other programs changed it {} times meanwhile",
                      invocation_.config.node_name, most_changes)
        .with_hint(
            "find the program that changes it: kubectl get node -o yaml --show-managed-fields");
  }
  constexpr io::RetryPolicy busy{.first = io::Duration{50}, .most = io::Duration{500}};
  system_.clock.sleep(io::backoff(busy, node_changes_ - 1, system_.random));
  found_.node = core::NotAsked{};
}

void Observer::take_turn() {
  turn_.take();
  clear_facts();
  read_network();
}

void Observer::note_undo(const core::Ending& why, const std::optional<core::Error>& failure) {
  found_.undone_for = why;
  found_.undo_error = failure;
  if (kubernetes_) {
    cancel_node();
    found_.node = core::NotAsked{};  // another run may have labelled it meanwhile
  }
}

void Observer::prove(Need need) {
  const auto address = core::held_address(found_).value_or(core::Ipv4{});
  const auto failure = core::catch_error_except_signals([&] {
    if (need == Need::egress) {
      return app::prove_egress(system_, invocation_, found_, address);
    }
    if (core::is_unconfirmed(found_.network)) {
      begin_switch();  // of an earlier run that was interrupted
    }
    app::prove_path(system_, invocation_, *found_.droplet, address);
  });
  if (!failure) {
    (need == Need::path ? found_.path_proven : found_.egress_proven) = true;
    return;
  }
  const auto verdict = core::must_compare_paths(found_, invocation_.config, *failure)
                           ? core::compare_paths(ask_by_both_paths(system_, invocation_, found_))
                           : core::PathVerdict::anchor_fails;
  if (verdict == core::PathVerdict::anchor_fails) {
    found_.proof_error = *failure;
  }
  found_.path_proven = found_.path_proven || verdict == core::PathVerdict::anchor_works;
  found_.nothing_answers = verdict == core::PathVerdict::nothing_answers;
}

void Observer::note_held(const core::FloatingIp& address) {
  if (auto* account = std::get_if<core::Account>(&found_.account)) {
    account->ours = address;
  }
}

}  // namespace app
