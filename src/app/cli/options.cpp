// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.hpp"

#include "app/cli/setters.hpp"

#include <array>

namespace app {
namespace {

constexpr std::array command_table = {
    CommandFacts{Command::reconcile, "reconcile", "brings everything about; the default"},
    CommandFacts{Command::status, "status", "says what is so and what is not; changes nothing"},
    CommandFacts{Command::release, "release", "undoes all that reconcile did"},
    CommandFacts{Command::doctor, "doctor", "names what would go wrong; changes nothing"},
    CommandFacts{Command::pool, "pool", "lists who holds the addresses of the pool"},
};

constexpr Commands reconcile = in(Command::reconcile);
constexpr Commands change = reconcile | in(Command::release);
constexpr Commands looks = in(Command::status) | in(Command::doctor);
constexpr Commands here = change | looks;  // about this droplet
constexpr Commands all = here | in(Command::pool);

}  // namespace

std::span<const CommandFacts> commands() {
  return command_table;
}

std::span<const Option> options() {  // NOLINT(readability-function-size): a table
  // clang-format off
  static const std::vector<Option> table = {
      {here, "match-string", "", "S", {"DO_EGRESS_IP_MATCH_STRING", "HOSTNAME_FLOATING_IP_MATCH_STRING"}, "",
       "act on nodes whose name contains S", false, set_match_string},
      {here, "match-regex", "", "R", {"DO_EGRESS_IP_MATCH_REGEX"}, "",
       "or: whose whole name is what the ECMAScript regex R describes", false, set_match_regex},
      {all, "floating-ips", "", "A,B,...", {"DO_EGRESS_IP_FLOATING_IPS"}, "",
       "the pool: only these addresses are ever touched", true, set_pool},
      {all, "floating-ips-file", "", "F", {"DO_EGRESS_IP_FLOATING_IPS_FILE"}, "",
       "or: the pool from a file; # starts a comment", false, set_pool_file},
      {reconcile | looks, "allow-foreign-ip", "", "", {"DO_EGRESS_IP_ALLOW_FOREIGN_IP"}, "",
       "accept an address on the droplet that is not in the pool", false, set_foreign},
      {here, "node-name", "", "N", {"NODE_NAME"}, "the hostname",
       "the name to match, and the Node to label", false, set_node_name},
      {all, "token-file", "", "F", {"DO_EGRESS_IP_TOKEN_FILE"}, "",
       "file with the DigitalOcean token; else DIGITALOCEAN_ACCESS_TOKEN", false, set_token_file},
      {all, "api-url", "", "U", {"DIGITALOCEAN_API_URL"}, "https://api.digitalocean.com",
       "the DigitalOcean API", false, set_api_url},
      {all, "ca-file", "", "F", {"SSL_CERT_FILE"}, "the system's",
       "CA certificates for the DigitalOcean API", false, set_ca_file},
      {here, "metadata-url", "", "U", {"DO_EGRESS_IP_METADATA_URL"}, "http://169.254.169.254",
       "the droplet metadata service", false, set_metadata_url},
      {all, "kubernetes", "", "auto|on|off", {"DO_EGRESS_IP_KUBERNETES"}, "auto",
       "label the Node; auto: where there is a service account", false, set_kubernetes},
      {all, "kube-api-url", "", "U", {"DO_EGRESS_IP_KUBE_API_URL"}, "in-cluster",
       "the Kubernetes API, for runs outside a pod", false, set_kube_api_url},
      {all, "kube-token-file", "", "F", {"DO_EGRESS_IP_KUBE_TOKEN_FILE"}, "in-cluster",
       "file with the service account token", false, set_kube_token_file},
      {all, "kube-ca-file", "", "F", {"DO_EGRESS_IP_KUBE_CA_FILE"}, "in-cluster",
       "CA certificates for the Kubernetes API", false, set_kube_ca_file},
      {here, "namespace", "", "N", {"POD_NAMESPACE"}, "the service account's",
       "where the Leases are kept", false, set_namespace},
      {reconcile, "lock", "", "auto|lease|none", {"DO_EGRESS_IP_LOCK"}, "auto",
       "claim under a Lease for each address; auto: where Kubernetes answers", false, set_lock},
      {reconcile | looks, "route", "", "default|none", {"DO_EGRESS_IP_ROUTE"}, "default",
       "none: assign and label only, another agent owns the routes", false, set_route},
      {reconcile | in(Command::status), "direct", "", "CIDR", {"DO_EGRESS_IP_DIRECT"}, "",
       "destination that keeps leaving by the public address; repeatable", true, set_direct},
      {here, "enabled-label", "", "K", {"DO_EGRESS_IP_ENABLED_LABEL"}, "do-outbound-floating-ip-enabled",
       "the label that says true or false", false, set_enabled_label},
      {here, "address-label", "", "K", {"DO_EGRESS_IP_ADDRESS_LABEL"}, "do-outbound-floating-ip",
       "the label that holds the address", false, set_address_label},
      {reconcile, "verify-url", "", "U", {"DO_EGRESS_IP_VERIFY_URL"}, "",
       "service that answers with the caller's IPv4; must see the address", true, set_verify_url},
      {change | in(Command::status), "gate-taint", "", "K[=V]:EFFECT", {"DO_EGRESS_IP_GATE_TAINT"}, "",
       "taint that keeps pods off the Node until its egress is proven", false, set_gate_taint},
      {in(Command::status), "local", "", "", {"DO_EGRESS_IP_LOCAL"}, "",
       "ask neither DigitalOcean nor Kubernetes", false, set_local},
      {in(Command::release), "keep-ip", "", "", {"DO_EGRESS_IP_KEEP_IP"}, "",
       "leave the address on the droplet", false, set_keep_ip},
      {change, "dry-run", "n", "", {"DO_EGRESS_IP_DRY_RUN"}, "",
       "print every step that would be taken, write nothing anywhere", false, set_dry_run},
      {all, "timeout", "", "D", {"DO_EGRESS_IP_TIMEOUT"}, "2m",
       "deadline of the whole run, with its unit: 90s, 2m", false, set_timeout},
      {all, "output", "o", "text|json", {"DO_EGRESS_IP_OUTPUT"}, "text",
       "how the result is written to stdout", false, set_output},
      {all, "log-format", "", "text|json", {"DO_EGRESS_IP_LOG_FORMAT"}, "text",
       "how messages are written to stderr", false, set_log_format},
      {all, "verbose", "v", "", {"DO_EGRESS_IP_VERBOSE"}, "",
       "log every request", false, set_verbose},
      {all, "quiet", "q", "", {"DO_EGRESS_IP_QUIET"}, "",
       "log errors and hints only", false, set_quiet},
      {change, "detailed-exitcode", "", "", {"DO_EGRESS_IP_DETAILED_EXITCODE"}, "",
       "exit 2 when something changed or would, 3 when the name does not match", false, set_detailed_exitcode},
      {all, "ok-codes", "", "C,...", {"DO_EGRESS_IP_OK_CODES"}, "",
       "exit 0 for these codes as well", true, set_ok_codes},
      {all, "termination-log", "", "F", {"DO_EGRESS_IP_TERMINATION_LOG"}, "/dev/termination-log in a pod",
       "write the result there too, as one line of JSON", false, set_termination_log},
      {change, "metrics-file", "", "F", {"DO_EGRESS_IP_METRICS_FILE"}, "",
       "keep metrics there for node_exporter's textfile collector", false, set_metrics_file},
  };
  // clang-format on
  return table;
}

}  // namespace app
