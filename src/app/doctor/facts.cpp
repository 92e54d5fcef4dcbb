// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/facts.hpp"

#include "app/doctor/recording_http.hpp"
#include "app/run/account.hpp"
#include "app/run/pods.hpp"
#include "cloud/cilium.hpp"
#include "cloud/inspection.hpp"
#include "cloud/metadata.hpp"
#include "core/plan/plan.hpp"

namespace app {
namespace {

// While the default leads through a dead anchor, the servers are asked from the public address.
std::optional<core::Ipv4> way_round(const core::Network* network, const core::Droplet* droplet) {
  if (network == nullptr || droplet == nullptr || !droplet->public_interface) {
    return std::nullopt;
  }
  const bool needed = core::is_cut_off({.network = *network, .droplet = *droplet});
  return needed ? std::optional(droplet->public_interface->address) : std::nullopt;
}

// --- DigitalOcean ------------------------------------------------------------------------------

// Runs `read`; why it failed, by what DigitalOcean said. Whether more can be asked.
template <typename Read>
bool ask(core::AccountFacts& facts, const RecordingHttp& http, Read&& read) {
  const auto failure = core::catch_error_except_signals(read);
  if (failure && http.saw(io::Server::digitalocean, 401)) {
    facts.refused = failure;
  } else if (failure && failure->exit() == core::Exit::no_permission) {
    facts.denied = failure;
  } else if (failure) {
    facts.unreachable = failure;
  }
  return !facts.refused && !facts.unreachable;
}

core::AccountFacts gather_account(RecordingHttp& http, const Invocation& invocation,
                                  const core::Droplet* droplet) {
  core::AccountFacts facts;
  cloud::Secret token;
  facts.no_token =
      core::catch_error_except_signals([&] { token = invocation.digitalocean.token(); });
  if (facts.no_token) {
    return facts;
  }
  cloud::DigitalOcean digitalocean(http, invocation.digitalocean.url,
                                   invocation.digitalocean.ca_file, [&] { return token; });
  const bool answers = ask(facts, http, [&] {
    const auto account = read_account(digitalocean, invocation.config.pool, droplet);
    facts.pool = account.pool;
    facts.ours = account.ours;
  });
  if (answers) {
    ask(facts, http, [&] {
      const auto id = droplet == nullptr ? std::nullopt : std::optional(droplet->id);
      facts.sight = digitalocean.read_sight(id);
    });
  }
  return facts;
}

// --- Kubernetes --------------------------------------------------------------------------------

// Where Cilium is on this host, with all that decides where its pods leave.
void gather_plugin(core::ClusterFacts& facts, System& system, cloud::Kubernetes& kubernetes,
                   const core::HostFacts& host, const core::Droplet* droplet) {
  const auto* network = core::value_of(host.network);
  const auto* node = core::value_of(facts.node);
  if (network != nullptr && droplet != nullptr && has_cilium(*network)) {
    core::Observation found{.network = *network, .droplet = *droplet, .looks = true};
    if (node != nullptr) {
      found.node = *node;
    }
    facts.pods = read_pods(system.kernel, &kubernetes, found);
    return;
  }
  facts.cilium =
      fact_of<std::optional<core::Cilium>>([&] { return cloud::read_cilium(kubernetes); });
}

core::ClusterFacts gather_cluster(RecordingHttp& http, System& system, const Invocation& invocation,
                                  const core::HostFacts& host, const core::Droplet* droplet) {
  if (!invocation.kubernetes) {
    return {};
  }
  core::ClusterFacts facts{.asked = true};
  const Access& access = *invocation.kubernetes;
  cloud::Kubernetes kubernetes(http, access.url, access.ca_file, access.token);
  const std::string& name = invocation.config.node_name;
  facts.node = fact_of<core::Node>([&] {
    return core::attempt(fmt::format("read Node {}", name), [&] {
      return kubernetes.decode_node(name, http.send(kubernetes.node_request(name)));
    });
  });
  // A Node that is not there, or may not be read, is an answer of a Kubernetes that works.
  const core::Error* failure = core::failure_in(facts.node);
  if (failure != nullptr && !http.saw(io::Server::kubernetes, 403) &&
      !http.saw(io::Server::kubernetes, 404)) {
    facts.failure = *failure;
    return facts;
  }
  facts.rights = fact_of<std::vector<core::Right>>([&] {
    auto rights = core::needed_rights(name, invocation.name_space);
    for (core::Right& right : rights) {
      right.allowed = cloud::has_right(kubernetes, right);
    }
    return rights;
  });
  facts.nodes = fact_of<std::vector<std::string>>([&] { return cloud::list_nodes(kubernetes); });
  gather_plugin(facts, system, kubernetes, host, droplet);
  return facts;
}

}  // namespace

core::Examination gather_facts(System& system, const Invocation& invocation,
                               std::vector<Exchange>& exchanges) {
  RecordingHttp http(system);
  core::Examination facts{.asked = invocation.config, .match = invocation.match};
  facts.host = gather_host_facts(system, invocation.root);
  facts.droplet = fact_of<core::Droplet>([&] {
    return core::attempt("read the droplet's metadata", [&] {
      return cloud::decode_metadata(http.send(cloud::metadata_request(invocation.metadata_url)));
    });
  });
  const core::Droplet* droplet = core::value_of(facts.droplet);
  http.source = way_round(core::value_of(facts.host.network), droplet);
  facts.account = gather_account(http, invocation, droplet);
  facts.cluster = gather_cluster(http, system, invocation, facts.host, droplet);
  facts.skew = http.skew;
  exchanges = http.exchanges();
  return facts;
}

}  // namespace app
