// SPDX-License-Identifier: Apache-2.0
// Real processes: every node's program and loop, over real sockets, in real time. Runs inside `lab
// world`:
//
//   do-fleet-real [OPTION]... N...
#include "fleet/table.hpp"
#include "support/world.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace {

using std::chrono::steady_clock;
using support::Json;

constexpr int most_namespaces = 200;  // the lab's limit of droplets
constexpr std::int64_t first_id = 758'700'000;
const std::string pool_file = "/run/lab/fleet-pool";

enum class Networks { own, one };

struct Member {
  support::Droplet place = {};  // where the program runs
  std::string node = {};
  std::int64_t id = 0;
  support::Variables environment = {};
};

class Crowd {
 public:
  Crowd(const fleet::Scenario& scenario, Networks networks) : scenario_(scenario) {
    world_.settings({{"limit_minute", scenario.limit_minute},
                     {"limit_hour", scenario.limit_hour},
                     {"enforce_limits", true},
                     {"action_latency_ms", scenario.action_latency.count()},
                     {"metadata_lag_ms", scenario.metadata_lag.count()}});
    add_pool();
    const support::Droplet common =
        networks == Networks::one ? world_.droplet("place") : support::Droplet{};
    for (int number = 0; number < scenario.nodes; ++number) {
      const std::string name = fmt::format("node-{}", number);
      members_.push_back(networks == Networks::one ? guest(name, number, common) : owner(name));
    }
  }

  fleet::Result run() {
    std::vector<support::Child> loops;
    const auto begun = steady_clock::now();
    for (const Member& member : members_) {
      loops.emplace_back(command(member));
    }
    fleet::Result result;
    while (steady_clock::now() - begun < scenario_.longest && !all_stand(result)) {
      std::this_thread::sleep_for(std::chrono::milliseconds{500 + 5 * scenario_.nodes});
    }
    result.until_all = std::chrono::duration_cast<fleet::Duration>(steady_clock::now() - begun);
    count(world_.sim("GET", "/journal"), result);
    world_.forget_requests();
    std::this_thread::sleep_for(scenario_.afterwards);
    fleet::Result later;
    count(world_.sim("GET", "/journal"), later);
    all_stand(result);
    result.afterwards = later.granted + later.refused;
    result.thefts += later.thefts;
    return result;
  }

 private:
  void add_pool() const {
    Json addresses = Json::array();
    std::ofstream file(pool_file);
    for (int number = 0; number < scenario_.nodes; ++number) {
      addresses.push_back(fmt::format("198.51.{}.{}", 100 + number / 250, number % 250 + 1));
      file << addresses.back().get<std::string>() << '\n';
    }
    world_.sim("POST", "/addresses", {{"addresses", addresses}});
  }

  Member owner(const std::string& name) {
    const support::Droplet droplet = world_.droplet(name);
    return {.place = droplet, .node = name, .id = droplet.id};
  }

  // A droplet without a network: its token identifies it to DigitalOcean, its URL to metadata.
  Member guest(const std::string& name, int number, const support::Droplet& common) const {
    const auto nic = [&](int network) -> Json {
      return {{"ip", fmt::format("100.{}.{}.{}", network, number / 250, number % 250 + 1)},
              {"netmask", "255.255.0.0"},
              {"gateway", fmt::format("100.{}.255.254", network)}};
    };
    const std::int64_t id = first_id + number;
    const std::string token = fmt::format("dop_v1_{}", id);
    world_.sim("PUT", fmt::format("/droplets/{}", id),
               {{"name", name}, {"public", nic(64)}, {"anchor", nic(65)}});
    world_.sim("PUT", "/nodes/" + name, {{"providerID", fmt::format("digitalocean://{}", id)}});
    world_.sim("PUT", "/tokens/" + token,
               {{"scopes", {"reserved_ip:read", "reserved_ip:update", "droplet:read"}},
                {"droplet", id},
                {"limits_of", "dop_v1_lab"}});
    return {.place = common,
            .node = name,
            .id = id,
            .environment = {{"NODE_NAME", name},
                            {"DO_EGRESS_IP_ROUTE", "none"},
                            {"DO_EGRESS_IP_TOKEN_FILE", ""},
                            {"DIGITALOCEAN_ACCESS_TOKEN", token},
                            {"DO_EGRESS_IP_METADATA_URL",
                             fmt::format("http://169.254.169.254/droplets/{}", id)}}};
  }

  support::Command command(const Member& member) const {
    const auto seconds = [](fleet::Duration duration) {
      return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
    };
    support::Command command = world_.tool(
        member.place,
        {"--match-string", "node", "--floating-ips-file", pool_file, "--lock",
         scenario_.leases ? "lease" : "none", "--timeout", seconds(scenario_.timeout) + "s"},
        member.environment);
    const std::string into = fmt::format("exec \"$0\" \"$@\" >/run/lab/{}.log 2>&1", member.node);
    const std::vector<std::string> loop = {"sh", "-c", into, LOOP, seconds(scenario_.interval),
                                           "--"};
    command.words.insert(command.words.begin() + 2, loop.begin(), loop.end());
    return command;
  }

  // Whether each node holds the address in its label.
  bool all_stand(fleet::Result& result) const {
    const Json everything = world_.sim("GET", "/world");
    std::set<std::string> held;
    result.standing = 0;
    for (const Member& member : members_) {
      const Json& labels = everything.at("nodes").at(member.node).at("labels");
      const std::string address = labels.value(support::address_label, "");
      if (labels.value(support::enabled_label, "") == "true" &&
          everything.at("addresses").at(address).at("droplet") == member.id) {
        ++result.standing;
        held.insert(address);
      }
    }
    result.distinct = held.size();
    return result.standing == scenario_.nodes;
  }

  static void count(const Json& journal, fleet::Result& result) {
    for (const Json& request : journal.at("requests")) {
      if (request.at("server") == "digitalocean") {
        ++(request.at("status") == 429 ? result.refused : result.granted);
      }
    }
    result.thefts = journal.at("thefts").size();
  }

  fleet::Scenario scenario_;
  support::World world_ = {};
  std::vector<Member> members_ = {};
};

// Each process needs two pipes.
void allow_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void print_setting(const fleet::Scenario& scenario) {
  const fleet::Scenario real;
  const bool scaled =
      scenario.limit_minute != real.limit_minute || scenario.limit_hour != real.limit_hour;
  fmt::print("real processes in real time; limits: {} requests a minute, {} an hour, {}\n",
             scenario.limit_minute, scenario.limit_hour,
             scaled ? fmt::format("SCALED: DigitalOcean's are {} and {}", real.limit_minute,
                                  real.limit_hour)
                    : "as DigitalOcean's");
}

bool try_fleet(const fleet::Scenario& scenario, Networks networks) {
  fmt::print(stderr, "{} nodes, {}\n", scenario.nodes,
             networks == Networks::own ? "each in its own network namespace"
                                       : "on one network, with --route none");
  const fleet::Result result = Crowd(scenario, networks).run();
  fleet::print_row(scenario, result);
  return result.standing == scenario.nodes && result.thefts == 0 && result.afterwards == 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App parser{"do-fleet-real: many nodes that start at once, as real processes"};
  std::vector<int> counts;
  fleet::Scenario scenario{.afterwards = std::chrono::minutes{2}, .longest = std::chrono::hours{3}};
  std::int64_t interval = 60;
  std::int64_t afterwards = 120;
  bool one_network = false;
  bool no_leases = false;
  parser.add_option("N", counts, "how many nodes; several are tried one after another")->required();
  parser.add_option("--per-minute", scenario.limit_minute, "requests that DigitalOcean allows");
  parser.add_option("--per-hour", scenario.limit_hour, "the same");
  parser.add_option("--interval", interval, "seconds between good runs");
  parser.add_option("--afterwards", afterwards, "seconds that are looked at once all stand");
  parser.add_flag("--one-network", one_network, "no namespaces; so for more than 200 nodes anyway");
  parser.add_flag("--no-leases", no_leases, "claim without Leases");
  CLI11_PARSE(parser, argc, argv);
  scenario.leases = !no_leases;
  scenario.interval = std::chrono::seconds{interval};
  scenario.afterwards = std::chrono::seconds{afterwards};
  allow_open_files();
  print_setting(scenario);
  fleet::print_head(fmt::format("{} s after", afterwards));
  bool good = true;
  for (const int nodes : counts) {
    scenario.nodes = nodes;
    const bool apart = !one_network && nodes <= most_namespaces;
    good = try_fleet(scenario, apart ? Networks::own : Networks::one) && good;
  }
  return good ? 0 : 1;
}
