// SPDX-License-Identifier: Apache-2.0
#include "app/cli/resolve.hpp"

#include "app/cli/values.hpp"
#include "io/file.hpp"

#include <algorithm>

namespace app {
namespace {

const std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

// Secret files end with a line feed, and some people paste the quotes as well.
cloud::Secret trimmed(std::string text, const std::string& origin) {
  const auto unwanted = [](unsigned char c) { return c <= ' ' || c == '\'' || c == '"'; };
  text.erase(std::find_if_not(text.rbegin(), text.rend(), unwanted).base(), text.end());
  text.erase(text.begin(), std::ranges::find_if_not(text, unwanted));
  const bool printable =
      std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 127; });
  if (text.empty() || !printable) {
    throw core::Error(core::Exit::config, "cannot use {}: it contains no token", origin)
        .with_hint("write one token into it, and nothing else");
  }
  return {std::move(text)};
}

cloud::ReadSecret token_in_file(const std::string& path) {
  return [path] { return trimmed(io::read_file(path), path); };
}

cloud::Secret token_in_environment(const Environment& environment) {
  for (const char* name : {"DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DO_TOKEN"}) {
    const auto value = environment(name);
    if (value && !value->empty()) {
      return trimmed(*value, name);
    }
  }
  throw core::Error(core::Exit::config, "no DigitalOcean token")
      .with_hint(
          "give --token-file FILE or set DIGITALOCEAN_ACCESS_TOKEN; the token needs the scopes "
          "reserved_ip:read, reserved_ip:update and droplet:read");
}

cloud::ReadSecret api_token(const std::string& file, const Environment& environment) {
  if (!file.empty()) {
    return token_in_file(file);
  }
  return [environment] { return token_in_environment(environment); };
}

// Builds https://HOST:PORT like client-go; an IPv6 host gets brackets.
std::string in_cluster_url(const Environment& environment) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  if (!host || host->empty()) {
    return {};
  }
  const bool ipv6 = host->find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", ipv6 ? "[" : "", *host, ipv6 ? "]" : "",
                     environment("KUBERNETES_SERVICE_PORT").value_or("443"));
}

// Refuses or warns if an option or the pod shows that Kubernetes is expected.
void go_without_kubernetes(Draft& draft, bool pod) {
  const bool lease = draft.asked.config.lock == core::Lock::lease;
  const bool gate = draft.asked.config.gate_taint.has_value();
  const bool forgotten = pod && draft.kubernetes == Draft::Kubernetes::automatic;
  if (lease || (gate && forgotten)) {
    throw core::Error(core::Exit::config, "cannot use {}: no {}",
                      lease ? "--lock lease" : "--gate-taint",
                      forgotten ? "service account token in this pod" : "Kubernetes for Leases")
        .with_hint(forgotten ? "set automountServiceAccountToken: true in the pod"
                             : "give --kube-api-url, or --lock none");
  }
  if (forgotten || gate) {
    draft.asked.warnings.emplace_back(
        forgotten ? "this pod has no service account token, so the Node is not labelled; set "
                    "automountServiceAccountToken: true, or --kubernetes off"
                  : "--gate-taint has no effect without Kubernetes; give --kube-api-url");
  }
}

void find_kubernetes(Draft& draft, const Environment& environment) {
  using enum Draft::Kubernetes;
  Access access = draft.cluster;
  const std::string in_cluster = in_cluster_url(environment);
  access.url = access.url.empty() ? in_cluster : access.url;
  const bool mounted = draft.kube_token_file.empty();
  const std::string token = mounted ? service_account + "/token" : draft.kube_token_file;
  const std::string_view missing =
      access.url.empty()
          ? "Kubernetes API: neither --kube-api-url nor KUBERNETES_SERVICE_HOST is set"
      : !io::is_readable(token) ? "service account token"
                                : "";
  const bool optional = draft.kubernetes == automatic && draft.cluster.url.empty();
  if (draft.kubernetes == off || (optional && !missing.empty())) {
    return go_without_kubernetes(draft, !in_cluster.empty());
  }
  if (!missing.empty()) {
    throw core::Error(core::Exit::config, "cannot use Kubernetes: no {}", missing)
        .with_hint(
            "mount a service account in the pod; elsewhere give --kube-api-url, "
            "--kube-token-file and --kube-ca-file");
  }
  access.token = token_in_file(token);
  if (access.ca_file.empty() && io::is_readable(service_account + "/ca.crt")) {
    access.ca_file = service_account + "/ca.crt";
  }
  draft.asked.kubernetes = std::move(access);
}

// A droplet's hostname may have capitals, but a Node's name cannot.
void require_node_match(const Draft& draft) {
  const core::Match& match = draft.asked.match;
  if (draft.asked.kubernetes && match.kind == core::Match::Kind::substring &&
      std::ranges::any_of(match.pattern, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    throw value_error(draft.match, fmt::format("no Node's name can contain \"{}\": it has no "
                                               "capital letters",
                                               match.pattern))
        .with_hint("use small letters; list the names with: kubectl get nodes");
  }
}

// The namespace of Leases without an option: the service account's.
std::string default_namespace() {
  const std::string mounted = service_account + "/namespace";
  if (!io::is_readable(mounted)) {
    return "default";
  }
  std::string text = io::read_file(mounted);
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

// `verify` compares what services see with something, and needs no more than that.
void require_for_verify(const Draft& draft) {
  const core::Config& asked = draft.asked.config;
  if (asked.verify_urls.empty()) {
    throw core::Error(core::Exit::usage, "cannot verify the egress IP: --verify-url is required")
        .with_hint("name a service: --verify-url https://checkip.amazonaws.com");
  }
  if (asked.gate_by == core::GateBy::pods && asked.pod_label.empty()) {
    throw core::Error(core::Exit::config, "cannot use --gate-by pods: --pod-label is required")
        .with_hint("give --pod-label do-outbound-floating-ip-pods");
  }
}

// Its own rule: with --expect no Node is read, and without Kubernetes nothing else is known.
void find_expectation(Draft& draft, const Environment& environment) {
  const bool label = !draft.asked.config.pod_label.empty();
  if (draft.asked.config.expected && !label) {
    return;
  }
  const bool in_pod = !in_cluster_url(environment).empty();
  find_kubernetes(draft, environment);
  if (draft.asked.kubernetes) {
    return;
  }
  const bool forgotten = in_pod && draft.kubernetes == Draft::Kubernetes::automatic;
  throw core::Error(forgotten || label ? core::Exit::config : core::Exit::usage, "{}",
                    forgotten ? "cannot read the Node: no service account token in this pod"
                    : label
                        ? "cannot use --pod-label: no Kubernetes to label the Node in"
                        : "cannot verify the egress IP: --expect is required without Kubernetes")
      .with_hint(forgotten ? "mount one with automountServiceAccountToken: true, or give --expect"
                 : label   ? "give --kube-api-url and --kube-token-file"
                           : "give the egress IP: --expect 198.51.100.7");
}

// `release` needs no match, and no pool: it unassigns only pool addresses.
void require(const Draft& draft) {
  const Invocation& asked = draft.asked;
  if (asked.command == Command::verify) {
    return require_for_verify(draft);
  }
  const bool any_name = asked.command == Command::pool || asked.command == Command::release;
  if (!any_name && asked.match.pattern.empty()) {
    throw core::Error(core::Exit::usage,
                      "cannot choose nodes: --match-string or --match-regex is required")
        .with_hint("say which nodes get an address, for example --match-string egress");
  }
  if (asked.command == Command::release && draft.only_matching && asked.match.pattern.empty()) {
    throw core::Error(core::Exit::usage,
                      "cannot choose nodes: --only-matching needs --match-string or --match-regex")
        .with_hint("say which nodes are released, or leave --only-matching out");
  }
  if (asked.command != Command::release && asked.config.pool.empty()) {
    throw core::Error(core::Exit::usage,
                      "cannot choose an address: --floating-ips or --floating-ips-file is required")
        .with_hint(
            "list the reserved IPs that may be assigned, for example --floating-ips 198.51.100.7");
  }
  if (asked.bundle == "-" && asked.output == Output::json) {
    throw core::Error(core::Exit::usage,
                      "cannot use --bundle -: --output json is for stdout as well")
        .with_hint("name a file: --bundle do-egress-ip-bundle.txt");
  }
  if (asked.config.enabled_label == asked.config.address_label) {
    throw core::Error(core::Exit::config,
                      "cannot label the Node: --enabled-label and --address-label are both \"{}\"",
                      asked.config.enabled_label);
  }
}

}  // namespace

void resolve(Draft& draft, const Environment& environment) {
  Invocation& asked = draft.asked;
  require(draft);
  if (asked.command == Command::verify) {
    return find_expectation(draft, environment);
  }
  if (asked.command == Command::release) {
    asked.match = draft.only_matching ? asked.match : core::Match{};  // else any node
  } else if (asked.command != Command::reconcile) {
    asked.writes = Writes::none;
  }
  asked.digitalocean.token = api_token(draft.token_file, environment);
  if (asked.name_space.empty()) {
    asked.name_space = default_namespace();
  }
  if (asked.reach == Reach::everything) {
    find_kubernetes(draft, environment);
    require_node_match(draft);
  }
  require_destinations(asked);
}

std::string default_termination_log(const Environment& environment) {
  const std::string in_pod = "/dev/termination-log";
  const bool pod = environment("KUBERNETES_SERVICE_HOST").has_value();
  return pod && io::is_readable(in_pod) ? in_pod : "";
}

}  // namespace app
