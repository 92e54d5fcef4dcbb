// SPDX-License-Identifier: Apache-2.0
#include "app/cli/resolve.hpp"

#include "io/file.hpp"

#include <algorithm>

namespace app {
namespace {

const std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

// Secrets come with a line feed at their end, and quoted where somebody pasted them so.
cloud::Secret trimmed(std::string text, const std::string& origin) {
  const auto unwanted = [](unsigned char c) { return c <= ' ' || c == '\'' || c == '"'; };
  text.erase(std::find_if_not(text.rbegin(), text.rend(), unwanted).base(), text.end());
  text.erase(text.begin(), std::ranges::find_if_not(text, unwanted));
  const bool printable =
      std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 127; });
  if (text.empty() || !printable) {
    throw core::Error(core::Exit::config, "{}: no token is in there", origin)
        .with_hint("one token is expected, and nothing else");
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
  throw core::Error(core::Exit::config, "there is no DigitalOcean token")
      .with_hint(
          "give it with --token-file or in DIGITALOCEAN_ACCESS_TOKEN; it needs the scopes "
          "reserved_ip:read, reserved_ip:update and droplet:read");
}

cloud::ReadSecret api_token(const std::string& file, const Environment& environment) {
  if (!file.empty()) {
    return token_in_file(file);
  }
  return [environment] { return token_in_environment(environment); };
}

// https://HOST:PORT as client-go builds it; an IPv6 host in brackets.
std::string in_cluster_url(const Environment& environment) {
  const auto host = environment("KUBERNETES_SERVICE_HOST");
  if (!host || host->empty()) {
    return {};
  }
  const bool ipv6 = host->find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", ipv6 ? "[" : "", *host, ipv6 ? "]" : "",
                     environment("KUBERNETES_SERVICE_PORT").value_or("443"));
}

std::optional<Access> kubernetes(const Draft& draft, const Environment& environment) {
  using enum Draft::Kubernetes;
  const bool explicitly = !draft.kubernetes_access.url.empty();
  const bool account =
      !draft.kube_token_file.empty() || io::is_readable(service_account + "/token");
  Access access = draft.kubernetes_access;
  access.url = explicitly ? access.url : in_cluster_url(environment);
  if (draft.kubernetes == off ||
      (draft.kubernetes == automatic && !explicitly && (access.url.empty() || !account))) {
    return std::nullopt;
  }
  if (access.url.empty() || !account) {
    throw core::Error(core::Exit::config, "--kubernetes: there is no {}",
                      access.url.empty() ? "Kubernetes API: neither --kube-api-url nor "
                                           "KUBERNETES_SERVICE_HOST is set"
                                         : "service account token")
        .with_hint(
            "in a pod, mount a service account; elsewhere give --kube-api-url, "
            "--kube-token-file and --kube-ca-file");
  }
  const bool mounted = draft.kube_token_file.empty();
  access.token = token_in_file(mounted ? service_account + "/token" : draft.kube_token_file);
  if (access.ca_file.empty() && io::is_readable(service_account + "/ca.crt")) {
    access.ca_file = service_account + "/ca.crt";
  }
  return access;
}

// Where Leases are kept.
std::string name_space(const Draft& draft) {
  const std::string mounted = service_account + "/namespace";
  if (!draft.name_space.empty() || !io::is_readable(mounted)) {
    return draft.name_space.empty() ? "default" : draft.name_space;
  }
  std::string text = io::read_file(mounted);
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

void require(const Draft& draft) {
  const bool about_droplet = draft.invocation.command != Command::pool;
  if (about_droplet && !draft.match.value) {
    throw core::Error(core::Exit::usage, "--match-string or --match-regex is required")
        .with_hint("it says which nodes are to have an address; see do-egress-ip --help");
  }
  if (!draft.pool.value) {
    throw core::Error(core::Exit::usage, "--floating-ips or --floating-ips-file is required")
        .with_hint("only addresses of this list are ever touched; see do-egress-ip --help");
  }
  const core::Config& config = draft.invocation.config;
  if (config.enabled_label == config.address_label) {
    throw core::Error(core::Exit::config,
                      "--enabled-label and --address-label are the same: \"{}\"",
                      config.enabled_label);
  }
}

void require_lock(const Invocation& invocation) {
  if (invocation.config.lock == core::Lock::lease && !invocation.kubernetes) {
    throw core::Error(core::Exit::config, "--lock lease: there is no Kubernetes to keep Leases")
        .with_hint("give --kube-api-url, or claim with --lock none");
  }
}

}  // namespace

Invocation resolve(Draft draft, const Environment& environment) {
  require(draft);
  Invocation invocation = std::move(draft.invocation);
  invocation.match = draft.match.value.value_or(core::Match{});
  const bool changes =
      invocation.command == Command::reconcile || invocation.command == Command::release;
  if (!changes) {
    invocation.writes = Writes::none;
  }
  invocation.config.pool = *draft.pool.value;
  if (invocation.config.node_name.empty()) {
    invocation.config.node_name = io::host_name();
  }
  invocation.digitalocean.token = api_token(draft.token_file, environment);
  if (invocation.reach == Reach::everything) {
    invocation.kubernetes = kubernetes(draft, environment);
    invocation.name_space = name_space(draft);
    require_lock(invocation);
  }
  const bool pod = environment("KUBERNETES_SERVICE_HOST").has_value();
  const std::string in_pod = "/dev/termination-log";
  if (!draft.termination_log.empty()) {
    invocation.termination_log = draft.termination_log;
  } else if (pod && io::is_readable(in_pod)) {
    invocation.termination_log = in_pod;
  }
  return invocation;
}

}  // namespace app
