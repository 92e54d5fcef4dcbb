// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.hpp"

#include "app/cli/values.hpp"

#include <array>
#include <numeric>

namespace app {
namespace {

// clang-format off
constexpr std::array command_table = {
    CommandFacts{Command::reconcile, "reconcile", "give this droplet its egress IP (the default)",
        "Gives this droplet a static egress IP: claims a free reserved IP of the pool,\n"
        "routes egress through it and labels the Node. Runs once; safe to repeat.\n",
        "  do-egress-ip --match-string egress --floating-ips 198.51.100.7,198.51.100.8 \\\n"
        "    --token-file /etc/do-egress-ip/token --dry-run\n"},
    CommandFacts{Command::status, "status", "show the egress IP and what differs; read-only",
        "Shows the egress IP of this droplet, and what reconcile would change. Changes\n"
        "nothing. Exit 0: nothing needs repair; 2: something does.\n",
        "  do-egress-ip status --local\n"},
    CommandFacts{Command::verify, "verify", "check which address services see, for example in a pod",
        "Asks each --verify-url which address it sees, and compares it with the egress\n"
        "IP of the Node. Needs no capability and no DigitalOcean token: runs in any pod.\n"
        "Exit 0: the same address; 13: another one; 69: no service answers.\n",
        "  do-egress-ip verify --verify-url https://checkip.amazonaws.com \\\n"
        "    --expect 198.51.100.7\n"},
    CommandFacts{Command::release, "release", "undo everything that reconcile did",
        "Undoes everything that reconcile did on this droplet: labels, routes, rules, the\n"
        "assignment and its Lease. The name of the node need not match. Safe to repeat.\n",
        "  do-egress-ip release --token-file /etc/do-egress-ip/token --dry-run\n"},
    CommandFacts{Command::doctor, "doctor", "check for known problems; read-only",
        "Checks this droplet, its account and its cluster for known problems, and names\n"
        "the remedy of each. Changes nothing. Exit 0: no problem.\n",
        "  do-egress-ip doctor --token-file /etc/do-egress-ip/token\n"},
    CommandFacts{Command::pool, "pool", "list the pool and who holds it; read-only",
        "Lists the addresses of the pool with region and holder, and how many are free.\n"
        "Changes nothing. Runs anywhere: it needs the token, but no droplet.\n",
        "  do-egress-ip pool --floating-ips 198.51.100.7,198.51.100.8 --token-file token\n"},
};
// clang-format on

constexpr Commands reconcile = in(Command::reconcile);
constexpr Commands change = reconcile | in(Command::release);
constexpr Commands looks = in(Command::status) | in(Command::doctor);
constexpr Commands here = change | looks;  // commands about this droplet
constexpr Commands proof = in(Command::verify);
constexpr Commands account = here | in(Command::pool);
constexpr Commands all = account | proof;

std::vector<Option> make_table() {  // NOLINT(readability-function-size): a table
  using enum Group;
  using D = Draft&;
  using G = const Given&;
  using core::Match;
  // clang-format off
  return {
      {task, here | proof, "match-string", "S", "act only on a node whose name contains S",
       [](D d, G g) { d.match = g, d.asked.match = parse_match(Match::Kind::substring, g); }, "", "", false, false, "",
       {"DO_EGRESS_IP_MATCH_STRING", "HOSTNAME_FLOATING_IP_MATCH_STRING"}},
      {task, here | proof, "match-regex", "R", "act only on a node whose whole name matches the ECMAScript regex R",
       [](D d, G g) { d.asked.match = parse_match(Match::Kind::regex, g); }, "", "", false, false, "match-string"},
      {task, account, "floating-ips", "A,B,...", "the pool: a run assigns no other address",
       [](D d, G g) { d.asked.config.pool = parse_pool(g); }, "", "", true},
      {task, account, "floating-ips-file", "F", "file with the pool; # starts a comment",
       [](D d, G g) { d.asked.config.pool = parse_pool_file(g); }, "", "", false, false, "floating-ips"},
      {task, reconcile | looks, "allow-foreign-ip", "", "use the droplet's address even if it is not in the pool",
       [](D d, G g) { d.asked.config.foreign = parse_switch(g) ? core::Foreign::allow : core::Foreign::refuse; }},
      {task, reconcile | looks, "route", "default|destinations|none", "what goes through the anchor gateway; none: assign and label only",
       [](D d, G g) { d.asked.config.route = parse_choice<core::RouteMode>(g, {"default", "destinations", "none"}); }, "default"},
      {task, reconcile | looks, "destination", "CIDR", "network that sees the egress IP or is unreachable; repeatable",
       [](D d, G g) { d.asked.config.destinations = parse_destinations(g); }, "", "", true},
      {task, reconcile | looks, "destinations-file", "F", "file with such networks; # starts a comment",
       [](D d, G g) { d.asked.config.destinations = parse_destinations_file(g); }, "", "", false, false, "destination"},
      {task, reconcile | looks, "direct", "CIDR", "network that keeps seeing the public address; repeatable",
       [](D d, G g) { d.asked.config.direct = parse_networks(g); }, "", "", true},
      {task, reconcile | looks, "pods", "auto|off", "auto: repair pods' egress, refuse a switch that cuts pods off; off: neither",
       [](D d, G g) { d.asked.config.pods = parse_choice<core::PodMode>(g, {"auto", "off"}); }, "auto"},
      {task, in(Command::release), "keep-ip", "", "leave the address assigned to the droplet",
       [](D d, G g) { d.asked.config.keep_ip = parse_switch(g); }},
      {task, in(Command::release), "only-matching", "", "do nothing on a node whose name does not match",
       [](D d, G g) { d.only_matching = parse_switch(g); }},
      {task, in(Command::status), "local", "", "ask neither DigitalOcean nor Kubernetes",
       [](D d, G g) { d.asked.reach = parse_switch(g) ? Reach::local : Reach::everything; }},
      {task, proof, "expect", "IP", "the address to compare with, instead of the Node's label",
       [](D d, G g) { d.asked.config.expected = parse_address(g); }},
      {task, reconcile | proof, "verify-url", "U", "service that must see the egress IP; repeatable",
       [](D d, G g) { d.asked.config.verify_urls = parse_urls(g); }, "", "", true},
      {task, change | proof, "dry-run", "", "print every step with its reason, write nothing",
       [](D d, G g) { d.asked.writes = parse_switch(g) ? Writes::none : Writes::apply; }, "", "n"},
      {task, all, "timeout", "D", "deadline of the whole run, with a unit: 90s, 2m",
       [](D d, G g) { d.asked.timeout = parse_timeout(g); }, "2m"},

      {digitalocean, account, "token-file", "F", "file with the API token; without it: $DIGITALOCEAN_ACCESS_TOKEN",
       [](D d, G g) { d.token_file = take_one(g); }},
      {digitalocean, all, "api-url", "U", "the DigitalOcean API",
       [](D d, G g) { d.asked.digitalocean.url = parse_token_url(g, "/v2"); }, "https://api.digitalocean.com", "", false, false, "",
       {"DIGITALOCEAN_API_URL"}},
      {digitalocean, all, "ca-file", "F", "CA certificates for the DigitalOcean API and --verify-url",
       [](D d, G g) { d.asked.digitalocean.ca_file = parse_readable_file(g); }, "the system's", "", false, false, "", {"SSL_CERT_FILE"}},
      {digitalocean, here, "metadata-url", "U", "the droplet metadata service",
       [](D d, G g) { d.asked.metadata_url = parse_base_url(g, "/metadata"); }, "http://169.254.169.254"},

      {kubernetes, here | proof, "node-name", "N", "the name to match, and the Node to label",
       [](D d, G g) { d.asked.config.node_name = parse_node_name(g); }, "the hostname", "", false, false, "", {"NODE_NAME"}},
      {kubernetes, all, "kubernetes", "auto|on|off", "label the Node; auto: if there is a service account",
       [](D d, G g) { d.kubernetes = parse_choice<Draft::Kubernetes>(g, {"auto", "on", "off"}); }, "auto"},
      {kubernetes, all, "kube-api-url", "U", "the Kubernetes API",
       [](D d, G g) { d.cluster.url = parse_token_url(g, "/api/v1"); }, "in-cluster"},
      {kubernetes, all, "kube-token-file", "F", "file with the service account token",
       [](D d, G g) { d.kube_token_file = parse_readable_file(g); }, "in-cluster"},
      {kubernetes, all, "kube-ca-file", "F", "CA certificates for the Kubernetes API",
       [](D d, G g) { d.cluster.ca_file = parse_readable_file(g); }, "in-cluster"},
      {kubernetes, here, "namespace", "N", "where the Leases are kept",
       [](D d, G g) { d.asked.name_space = parse_namespace(g); }, "the service account's", "", false, false, "", {"POD_NAMESPACE"}},
      {kubernetes, reconcile, "lock", "auto|lease|none", "claim under a Lease; auto: if Kubernetes answers",
       [](D d, G g) { d.asked.config.lock = parse_choice<core::Lock>(g, {"auto", "lease", "none"}); }, "auto"},
      {kubernetes, change | proof | in(Command::status), "gate-taint", "K[=V]:EFFECT", "taint that keeps pods off the Node until egress is proven",
       [](D d, G g) { d.asked.config.gate_taint = parse_taint(g); }},
      {kubernetes, change | proof | in(Command::status), "gate-by", "egress|pods", "what lifts the gate taint: proven egress, or verify in a pod",
       [](D d, G g) { d.asked.config.gate_by = parse_choice<core::GateBy>(g, {"egress", "pods"}); }, "egress"},
      {kubernetes, change | proof | in(Command::status), "pod-label", "K", "label that says whether pods have the egress IP; verify sets it",
       [](D d, G g) { d.asked.config.pod_label = parse_label_key(g); }},
      {kubernetes, here | proof, "enabled-label", "K", "the label that says true or false",
       [](D d, G g) { d.asked.config.enabled_label = parse_label_key(g); }, "do-outbound-floating-ip-enabled"},
      {kubernetes, here | proof, "address-label", "K", "the label that holds the address",
       [](D d, G g) { d.asked.config.address_label = parse_label_key(g); }, "do-outbound-floating-ip"},

      {output, all, "output", "text|json", "format of the result on stdout",
       [](D d, G g) { d.asked.output = parse_choice<Output>(g, {"text", "json"}); }, "text", "o"},
      {output, all, "log-format", "text|json", "format of the messages on stderr",
       [](D d, G g) { d.asked.log_format = parse_choice<io::LogFormat>(g, {"text", "json"}); }, "text"},
      {output, all, "verbose", "", "print reasons and all checks, and log every request",
       [](D d, G g) { d.asked.log_level = parse_switch(g) ? io::Level::debug : d.asked.log_level; }, "", "v"},
      {output, all, "quiet", "", "log errors and hints only",
       [](D d, G g) { d.asked.log_level = parse_switch(g) ? io::Level::hint : d.asked.log_level; }, "", "q"},
      {output, change, "detailed-exitcode", "", "exit 2 after a change, 3 if the name does not match",
       [](D d, G g) { d.asked.detailed_exitcode = parse_switch(g); }},
      {output, all, "ok-codes", "C,...", "exit 0 instead of these codes; repeatable",
       [](D d, G g) { d.asked.ok_codes = parse_exit_codes(g); }, "", "", true, true},
      {output, all, "termination-log", "F", "also write the result to this file, as JSON",
       [](D d, G g) { d.asked.termination_log = take_one(g); }, "/dev/termination-log in a pod"},
      {output, change, "metrics-file", "F", "write metrics for node_exporter's textfile collector",
       [](D d, G g) { d.asked.metrics_file = take_one(g); }},
      {output, in(Command::doctor), "bundle", "F", "write a new file for a bug report, without secrets; -: to stdout",
       [](D d, G g) { d.asked.bundle = take_one(g); }},

      {general, all, "config", "F", "TOML file with these options; '' for none", nullptr,
       "/etc/do-egress-ip/config.toml, if it exists", "", false, false, "", {"DO_EGRESS_IP_CONFIG"}},
      {general, all, "help", "", "print this help", nullptr, "", "h"},
      {general, all, "version", "", "print the version", nullptr},
  };
  // clang-format on
}

// The variable of an option: DO_EGRESS_IP_DRY_RUN for dry-run.
std::string usual_variable(std::string_view name) {
  std::string text = fmt::format("DO_EGRESS_IP_{}", name);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::vector<Option> make_complete_table() {
  std::vector<Option> table = make_table();
  for (Option& option : table) {
    if (option.set != nullptr && option.environment.empty()) {
      option.environment = {usual_variable(option.name)};
    }
  }
  return table;
}

// The number of letters to insert, remove or replace to turn `left` into `right`.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char letter : left) {
    std::size_t diagonal = row[0]++;
    for (std::size_t i = 0; i < right.size(); ++i) {
      const std::size_t replaced = diagonal + (letter == right[i] ? 0 : 1);
      diagonal = row[i + 1];
      row[i + 1] = std::min({replaced, row[i] + 1, row[i + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const CommandFacts> commands() {
  return command_table;
}

const CommandFacts& facts_of(Command command) {
  return *std::ranges::find(command_table, command, &CommandFacts::command);
}

std::span<const Option> options() {
  static const std::vector<Option> table = make_complete_table();
  return table;
}

const Option* find_option(std::string_view name) {
  const auto found = std::ranges::find(options(), name, &Option::name);
  return found == options().end() ? nullptr : &*found;
}

std::string suggest(std::string_view text, const std::vector<std::string>& names) {
  const auto rank = [text](const std::string& name) { return distance(text, name); };
  const auto nearest = std::ranges::min_element(names, {}, rank);
  return rank(*nearest) <= 2 ? fmt::format("did you mean {}?", *nearest) : "";
}

}  // namespace app
