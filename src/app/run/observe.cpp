// SPDX-License-Identifier: Apache-2.0
#include "app/run/observe.hpp"

#include "app/run/account.hpp"
#include "app/run/change.hpp"
#include "app/run/prove.hpp"
#include "cloud/metadata.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/routes.hpp"

#include <utility>

namespace app {

using core::Need;

namespace {

// A way that was dead may be why nothing came back. An answer stays one: who was told to wait, or
// was refused, does not ask again because a route has changed.
template <class Fact>
bool may_be_had_now(const Fact& fact) {
  const auto* unavailable = std::get_if<core::Unavailable>(&fact);
  return unavailable != nullptr && unavailable->error.exit() == core::Exit::unavailable;
}

}  // namespace

Observer::Observer(System& system, const Invocation& invocation)
    : system_(system),
      invocation_(invocation),
      digitalocean_(system.http, invocation.digitalocean.url, invocation.digitalocean.ca_file,
                    invocation.digitalocean.token),
      turn_(system) {
  if (invocation.kubernetes) {
    kubernetes_.emplace(system.http, invocation.kubernetes->url, invocation.kubernetes->ca_file,
                        invocation.kubernetes->token);
  }
  forget();
}

// What is written by nobody need not be proven either: a dry run shows what would follow.
void Observer::forget() {
  const bool assumed = invocation_.writes == Writes::none;
  give_up_node();
  found_ = core::Observation{.path_proven = assumed, .egress_proven = assumed};
  if (!kubernetes_) {
    found_.node = core::NoKubernetes{};
  }
}

void Observer::read_network() {
  core::Network now = system_.kernel.read();
  now.may_change = now.may_change || invocation_.command == Command::status;
  if (no_marking_) {
    now.marking = {.state = core::Marking::State::unsupported};
  }
  if (now == found_.network) {
    return;
  }
  const bool was_cut_off = core::cut_off(found_);
  found_.network = std::move(now);
  if (was_cut_off) {
    give_up_node();  // it hangs on a route that was dead
  }
  if (may_be_had_now(found_.node)) {
    found_.node = core::NotAsked{};
  }
  if (may_be_had_now(found_.account)) {
    found_.account = core::NotAsked{};
  }
}

void Observer::no_marking(const core::Error& error) {
  no_marking_ = true;
  system_.log.write(io::Level::warning, "open connections of pods may break: {}", error.what());
}

void Observer::answer(const std::vector<Need>& needs) {
  for (const Need need : needs) {
    answer(need);
  }
}

void Observer::answer(Need need) {
  switch (need) {
    case Need::droplet:
      return read_droplet();
    case Need::node:
      return read_node();
    case Need::account:
    case Need::whole_account:
      return read_addresses(need);
    case Need::droplet_scope:
      return prove_scope();
    case Need::path:
    case Need::egress:
      return prove(need);
  }
}

// The Node is asked for at the same time: a steady run is one round trip deep.
void Observer::read_droplet() {
  io::Request request = cloud::metadata_request(invocation_.metadata_url);
  request.source = way_past_a_rule();
  const auto ticket = system_.http.start(request);
  start_node();
  const auto failure = core::failure_of([&] {
    core::attempt("read the droplet's metadata",
                  [&] { found_.droplet = cloud::decode_metadata(system_.http.wait(ticket)); });
  });
  if (failure) {
    found_.no_droplet = *failure;
  }
}

void Observer::start_node() {
  if (node_under_way_ || !std::holds_alternative<core::NotAsked>(found_.node)) {
    return;
  }
  const auto failure = core::failure_of([&] {
    io::Request request = kubernetes_->node_request(invocation_.config.node_name);
    request.source = way_round();
    node_under_way_ = system_.http.start(request);
  });
  if (failure) {  // no token to ask with
    found_.node = core::Unavailable{*failure};
  }
}

void Observer::give_up_node() {
  if (node_under_way_) {
    system_.http.cancel(*node_under_way_);
    node_under_way_.reset();
  }
}

// Where the default is dead, or something in front of it leads elsewhere: by what the servers can
// still be asked.
std::optional<io::Source> Observer::way_round() const {
  if (found_.droplet && core::cut_off(found_)) {
    const auto path = core::find_public_path(*found_.droplet, found_.network);
    if (const auto* found = std::get_if<core::Path>(&path)) {
      return io::Source{found->address, found->via.ifindex};
    }
  }
  return way_past_a_rule();
}

std::optional<io::Source> Observer::way_past_a_rule() const {
  const auto route = core::default_of(found_.network, core::public_table);
  const bool needed = core::default_overruled(found_.network).has_value();
  return needed && route && route->source
             ? std::optional(io::Source{*route->source, route->via.ifindex})
             : std::nullopt;
}

void Observer::read_node() {
  if (invocation_.writes == Writes::none && core::cut_off(found_)) {
    give_up_node();  // a dry run leaves the dead default in force
  }
  start_node();
  if (!node_under_way_) {
    return;
  }
  const auto ticket = *node_under_way_;
  node_under_way_.reset();
  const std::string& name = invocation_.config.node_name;
  const auto failure = core::failure_of([&] {
    found_.node = core::attempt(fmt::format("read Node {}", name), [&] {
      return kubernetes_->decode_node(name, system_.http.wait(ticket));
    });
  });
  if (failure) {
    found_.node = core::Unavailable{*failure};
  } else if (!claimed_) {
    const auto& labels = std::get<core::Node>(found_.node).labels;
    const auto label = labels.find(invocation_.config.address_label);
    claimed_ = label == labels.end() ? std::string{} : label->second;
  }
}

void Observer::read_addresses(Need need) {
  if (invocation_.reach == Reach::local) {
    found_.account =
        core::Unavailable{core::Error(core::Exit::changed, "the droplet holds no floating IP")
                              .with_hint("do-egress-ip reconcile claims one")};
    return;
  }
  digitalocean_.leave_by(way_round());
  const auto* known = std::get_if<core::Account>(&found_.account);
  const bool proven = known != nullptr && known->shows_droplets;
  const auto failure = core::failure_of([&] {
    const bool claims = invocation_.command == Command::reconcile &&
                        invocation_.writes == Writes::apply && need == Need::account;
    core::Account account = read_account(digitalocean_, invocation_.config.pool, &*found_.droplet,
                                         claims ? Extent::claim : Extent::whole);
    account.shows_droplets = account.shows_droplets || proven;
    found_.account = std::move(account);
  });
  digitalocean_.leave_by(std::nullopt);
  if (failure) {
    found_.account = core::Unavailable{*failure};
  }
}

void Observer::prove_scope() {
  digitalocean_.leave_by(way_round());
  const auto failure = core::failure_of([&] {
    require_sight(digitalocean_, found_.droplet->id);
    std::get<core::Account>(found_.account).shows_droplets = true;
  });
  digitalocean_.leave_by(std::nullopt);
  if (failure) {
    found_.account = core::Unavailable{*failure};
  }
}

void Observer::lost(core::Ipv4 address) {
  found_.lost.insert(address);
  auto* account = std::get_if<core::Account>(&found_.account);
  if (account != nullptr && account->ours && account->ours->address == address) {
    account->ours.reset();
  }
}

void Observer::holds_none() {
  if (auto* account = std::get_if<core::Account>(&found_.account)) {
    account->ours.reset();
  }
}

void Observer::read_in_vain(core::Ipv4 address) {
  lost(address);
  ++found_.vain_reads;
}

void Observer::node_changed() {
  constexpr int most_changes = 20;
  if (++node_changes_ > most_changes) {
    throw core::Error(core::Exit::gate_failed, "Node {} was changed by others {} times meanwhile",
                      invocation_.config.node_name, most_changes)
        .with_hint("see who keeps changing it: kubectl get node -o yaml --show-managed-fields");
  }
  constexpr io::RetryPolicy busy{.first = io::Duration{50}, .most = io::Duration{500}};
  system_.clock.sleep(io::backoff(busy, node_changes_ - 1, system_.random));
  found_.node = core::NotAsked{};
}

void Observer::take_turn() {
  turn_.take();
  forget();
  read_network();
}

void Observer::undone(const std::optional<core::Error>& failure) {
  found_.undo_failure = failure;
  if (kubernetes_) {
    give_up_node();
    found_.node = core::NotAsked{};  // somebody may have labelled it meanwhile
  }
}

void Observer::prove(Need need) {
  const auto address = core::held_address(found_).value_or(core::Ipv4{});
  const auto failure = core::failure_of([&] {
    if (need == Need::egress) {
      return app::prove_egress(system_, invocation_, found_, address);
    }
    if (core::is_unconfirmed(found_.network)) {
      begin_switch();  // that of a run which did not end well
    }
    app::prove_path(system_, invocation_, *found_.droplet, address);
  });
  if (failure) {
    found_.unproven = *failure;
  } else {
    (need == Need::path ? found_.path_proven : found_.egress_proven) = true;
  }
}

void Observer::holds(const core::FloatingIp& address) {
  if (auto* account = std::get_if<core::Account>(&found_.account)) {
    account->ours = address;
  }
}

}  // namespace app
