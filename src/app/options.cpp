// SPDX-License-Identifier: Apache-2.0
#include "app/options.hpp"

#include "app/setters.hpp"

namespace app {

std::span<const Option> options() {  // NOLINT(readability-function-size): a table
  // clang-format off
  static const std::vector<Option> table = {
      {"match-string", "", "S", {"DO_EGRESS_IP_MATCH_STRING", "HOSTNAME_FLOATING_IP_MATCH_STRING"}, "",
       "act on nodes whose name contains S", false, set_match_string},
      {"match-regex", "", "R", {"DO_EGRESS_IP_MATCH_REGEX"}, "",
       "or: whose whole name is what the ECMAScript regex R describes", false, set_match_regex},
      {"floating-ips", "", "A,B,...", {"DO_EGRESS_IP_FLOATING_IPS"}, "",
       "the pool: only these addresses are ever touched", true, set_pool},
      {"floating-ips-file", "", "F", {"DO_EGRESS_IP_FLOATING_IPS_FILE"}, "",
       "or: the pool from a file; # starts a comment", false, set_pool_file},
      {"allow-foreign-ip", "", "", {"DO_EGRESS_IP_ALLOW_FOREIGN_IP"}, "",
       "accept an address on the droplet that is not in the pool", false, set_foreign},
      {"node-name", "", "N", {"NODE_NAME"}, "the hostname",
       "the name to match, and the Node to label", false, set_node_name},
      {"token-file", "", "F", {"DO_EGRESS_IP_TOKEN_FILE"}, "",
       "file with the DigitalOcean token; else DIGITALOCEAN_ACCESS_TOKEN", false, set_token_file},
      {"api-url", "", "U", {"DIGITALOCEAN_API_URL"}, "https://api.digitalocean.com",
       "the DigitalOcean API", false, set_api_url},
      {"ca-file", "", "F", {"SSL_CERT_FILE"}, "the system's",
       "CA certificates for the DigitalOcean API", false, set_ca_file},
      {"metadata-url", "", "U", {"DO_EGRESS_IP_METADATA_URL"}, "http://169.254.169.254",
       "the droplet metadata service", false, set_metadata_url},
      {"kubernetes", "", "auto|on|off", {"DO_EGRESS_IP_KUBERNETES"}, "auto",
       "label the Node; auto: where there is a service account", false, set_kubernetes},
      {"kube-api-url", "", "U", {"DO_EGRESS_IP_KUBE_API_URL"}, "in-cluster",
       "the Kubernetes API, for runs outside a pod", false, set_kube_api_url},
      {"kube-token-file", "", "F", {"DO_EGRESS_IP_KUBE_TOKEN_FILE"}, "in-cluster",
       "file with the service account token", false, set_kube_token_file},
      {"kube-ca-file", "", "F", {"DO_EGRESS_IP_KUBE_CA_FILE"}, "in-cluster",
       "CA certificates for the Kubernetes API", false, set_kube_ca_file},
      {"route", "", "default|none", {"DO_EGRESS_IP_ROUTE"}, "default",
       "none: assign and label only, another agent owns the routes", false, set_route},
      {"direct", "", "CIDR", {"DO_EGRESS_IP_DIRECT"}, "",
       "destination that keeps leaving by the public address; repeatable", true, set_direct},
      {"enabled-label", "", "K", {"DO_EGRESS_IP_ENABLED_LABEL"}, "do-outbound-floating-ip-enabled",
       "the label that says true or false", false, set_enabled_label},
      {"address-label", "", "K", {"DO_EGRESS_IP_ADDRESS_LABEL"}, "do-outbound-floating-ip",
       "the label that holds the address", false, set_address_label},
      {"dry-run", "n", "", {"DO_EGRESS_IP_DRY_RUN"}, "",
       "print every step that would be taken, write nothing anywhere", false, set_dry_run},
      {"timeout", "", "D", {"DO_EGRESS_IP_TIMEOUT"}, "2m",
       "deadline of the whole run, with its unit: 90s, 2m", false, set_timeout},
      {"output", "o", "text|json", {"DO_EGRESS_IP_OUTPUT"}, "text",
       "how the result is written to stdout", false, set_output},
      {"log-format", "", "text|json", {"DO_EGRESS_IP_LOG_FORMAT"}, "text",
       "how messages are written to stderr", false, set_log_format},
      {"verbose", "v", "", {"DO_EGRESS_IP_VERBOSE"}, "",
       "log every request", false, set_verbose},
      {"quiet", "q", "", {"DO_EGRESS_IP_QUIET"}, "",
       "log errors and hints only", false, set_quiet},
      {"detailed-exitcode", "", "", {"DO_EGRESS_IP_DETAILED_EXITCODE"}, "",
       "exit 2 when something changed or would, 3 when the name does not match", false, set_detailed_exitcode},
      {"ok-codes", "", "C,...", {"DO_EGRESS_IP_OK_CODES"}, "",
       "exit 0 for these codes as well", true, set_ok_codes},
      {"termination-log", "", "F", {"DO_EGRESS_IP_TERMINATION_LOG"}, "/dev/termination-log in a pod",
       "write the result there too, as one line of JSON", false, set_termination_log},
  };
  // clang-format on
  return table;
}

}  // namespace app
