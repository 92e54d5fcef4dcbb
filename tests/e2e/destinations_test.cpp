// SPDX-License-Identifier: Apache-2.0
// Who must see the reserved IP, or nothing: a partner counts the packets that reach it, by their
// source, through all that may happen to an egress IP.
#include "window.hpp"

#include <csignal>
#include <memory>

using support::Json;

namespace {

const std::string address = "192.0.2.9";
const std::vector<std::string> pool = {"198.51.100.1", "198.51.100.2"};

// UDP of one socket for as long as it lasts, UDP and TCP of a new one each time; each port is the
// sender's own.
std::string script(int port) {
  const std::string there = address + "/" + std::to_string(port);
  return "while :; do exec 2>/dev/null; echo x >/dev/udp/" + there +
         "; timeout 0.2 bash -c 'echo "
         ">/dev/tcp/" +
         there + "'; if exec 3>/dev/udp/" + there +
         "; then for i in 1 2 3 4 5 6 7 8; do echo x >&3 || break; sleep 0.02; done; fi; sleep "
         "0.02; done";
}

class Partner {
 public:
  explicit Partner(const Node& node) : node_(node) {
    internet({"ip", "address", "add", address + "/24", "dev", "eth0"});
    const std::string there = "add rule ip partner in ip daddr " + address;
    internet({"nft",
              "add table ip partner; add counter ip partner public; add counter ip partner host; "
              "add counter ip partner pod; add chain ip partner in { type filter hook prerouting "
              "priority -400; }; " +
                  there + " ip saddr " + node.droplet.public_address + " counter name public; " +
                  there +
                  " ip saddr { 198.51.100.1, 198.51.100.2 } udp dport 7 counter name host; " +
                  there + " ip saddr { 198.51.100.1, 198.51.100.2 } udp dport 8 counter name pod"});
  }

  void begin_traffic() {
    for (const auto& [netns, port] : {std::pair(node_.droplet.name, 7), {node_.droplet.pod(), 8}}) {
      flows_.push_back(std::make_unique<support::Child>(
          support::Command{{"nsenter", "--net=/run/netns/" + netns, "bash", "-c", script(port)},
                           {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}}));
    }
  }

  void end_traffic() {
    for (const auto& flow : flows_) {
      flow->signal(SIGKILL);
    }
    flows_.clear();
  }

  // Whether a packet came since it was asked last.
  bool sees(const std::string& counter) const {
    const std::string text = internet({"nft", "reset", "counter", "ip", "partner", counter});
    return text.find("packets 0 ") == std::string::npos;
  }

  void check_closed() const {
    sees("host");
    sees("pod");
    for (const std::string& netns : {node_.droplet.name, node_.droplet.pod()}) {
      node_.world.lab({"exec", netns, "bash", "-c",
                       "for i in 1 2 3 4 5; do timeout 0.3 bash -c 'echo >/dev/tcp/" + address +
                           "/9' 2>/dev/null && exit 1; done; exit 0"});
    }
    CHECK_FALSE(sees("public"));
    CHECK_FALSE(sees("host"));
    CHECK_FALSE(sees("pod"));
    const std::string shown = node_.world.lab(
        {"exec", node_.droplet.name, "sh", "-c", "ip route get " + address + " 2>&1 || true"});
    CHECK(shown.find("No route to host") != std::string::npos);
    CHECK(node_.world.label(node_.droplet) != "true");
  }

  void check_open() const {
    for (const char* counter : {"host", "pod"}) {
      sees(counter);
      window::wait_until([&] { return sees(counter); });
    }
    CHECK_FALSE(sees("public"));
    CHECK(node_.world.label(node_.droplet) == "true");
  }

 private:
  std::string internet(std::vector<std::string> words) const {
    words.insert(words.begin(), {"exec", "internet"});
    return node_.world.lab(words);
  }

  const Node& node_;
  std::vector<std::unique_ptr<support::Child>> flows_ = {};
};

const std::vector<std::string> only = {"--route", "destinations", "--destination", address};
const std::vector<std::string> as_well = {"--destination", "192.0.2.8/29"};

void set_pool(const Node& node, bool free) {
  for (const std::string& one : pool) {
    const Json holder = node.world.holder(one);
    if (!holder.is_null() && holder != node.droplet.id) {
      node.world.sim("POST", "/unassign/" + one);
    }
    if (!free && node.world.holder(one).is_null()) {
      node.world.sim("POST", "/assign/" + one, {{"droplet", node.droplet.id + 1}});
    }
  }
}

void lose_address(const Node& node) {
  for (const std::string& held : node.world.held_by(node.droplet)) {
    node.world.sim("POST", "/unassign/" + held);
  }
}

void check_life(const std::string& topology, const std::vector<std::string>& options) {
  CAPTURE(topology);
  Node node("198.51.100.1-2", topology);
  node.world.droplet("other");
  const std::string before = node.world.snapshot(node.droplet);
  const std::string default_before = window::default_route(node);
  Partner partner(node);
  partner.begin_traffic();
  window::wait_until([&] { return partner.sees("public"); });  // the counter counts
  partner.end_traffic();

  // The API is down in the first run of all.
  node.world.lab({"cut", node.droplet.name, "digitalocean"});
  const Json result = node.run(69, options);
  CHECK(result.at("steps").at(0).at("action") == "close-destinations");
  partner.sees("public");
  partner.begin_traffic();
  partner.check_closed();
  node.world.lab({"mend", node.droplet.name, "digitalocean"});

  // A claim.
  node.run(0, options);
  partner.check_open();
  if (options == only) {
    CHECK(window::default_route(node) == default_before);
    CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  }
  CHECK(node.run(0, options).at("result") == "unchanged");
  // The kernel's table is somebody's mistake away from empty: put right by the next run.
  node.world.ip(node.droplet, "route replace unreachable " +
                                  (options == only ? address + "/32" : "192.0.2.8/29") +
                                  " table 17313 proto 173");
  node.run(0, options);
  partner.check_open();

  // A loss with an exhausted pool.
  set_pool(node, false);
  lose_address(node);
  set_pool(node, false);
  CHECK_FALSE(partner.sees("public"));
  node.run(10, options);
  partner.check_closed();
  set_pool(node, true);
  node.run(0, options);
  partner.check_open();

  // A theft.
  const std::string stolen = node.world.held_by(node.droplet).at(0);
  node.world.sim("POST", "/assign/" + stolen, {{"droplet", node.droplet.id + 1}});
  CHECK_FALSE(partner.sees("public"));
  node.run(0, options);
  partner.check_open();
  set_pool(node, true);

  // A killed run that was in the middle of its switch, and its guard with it.
  lose_address(node);
  {
    Json fault = {{"server", "whatismyip"}, {"kind", "hang"}, {"skip", 1}, {"count", -1}};
    node.world.fault(fault);
    auto proven = options;
    proven.insert(proven.end(), dirty::verify.begin(), dirty::verify.end());
    support::Child run(node.world.contained(node.droplet, node.command(proven)));
    window::wait_until([&] {
      return node.world.ip(node.droplet, "route show table 17313").find("proto 174") !=
             std::string::npos;
    });
    node.world.lab({"kill", node.droplet.name});
    CHECK_FALSE(partner.sees("public"));
    node.world.sim("DELETE", "/faults");
  }
  // What it left is closed by a run that cannot prove it.
  window::break_anchor_path(node);
  node.run(13, options);
  partner.check_closed();
  window::mend_anchor_path(node);
  node.run(0, options);
  partner.check_open();

  // A reboot; the API is down in the first run after it.
  partner.end_traffic();
  node.world.lab({"boot", node.droplet.name});
  lose_address(node);
  node.world.lab({"cut", node.droplet.name, "digitalocean"});
  node.run(69, options);
  partner.sees("public");
  partner.begin_traffic();
  partner.check_closed();
  node.world.lab({"mend", node.droplet.name, "digitalocean"});
  node.run(0, options);
  partner.check_open();

  // A release opens them, and says so.
  partner.end_traffic();
  CHECK_FALSE(partner.sees("public"));
  const support::Run release = support::run(
      node.world.tool(node.droplet, {"release", "--floating-ips", "198.51.100.1,198.51.100.2"}));
  INFO(release.out, release.err);
  CHECK(release.exit == 0);
  CHECK(release.out.find("reached from the public address") != std::string::npos);
  CHECK(node.world.snapshot(node.droplet) == before);
  partner.begin_traffic();
  window::wait_until([&] { return partner.sees("public"); });
  partner.end_traffic();
}

}  // namespace

TEST_CASE("destinations: only they, classic, never one packet from the public address") {
  check_life("classic", only);
}

TEST_CASE("destinations: only they, an anchor NIC, never one packet from the public address") {
  check_life("anchor-nic", only);
}

TEST_CASE("destinations: beside the default, never one packet from the public address") {
  check_life("classic", as_well);
}

TEST_CASE("destinations: routes of others for the same networks lead nobody around, and stay") {
  Node node("198.51.100.1-2", "classic+vpc-routes");
  node.world.ip(node.droplet, "route add 192.0.2.9/32 via 203.0.113.1 dev eth0 proto static");
  node.world.ip(node.droplet, "route add 192.0.2.8/29 via 203.0.113.1 dev eth0 mtu 1400");
  const std::string before = node.world.snapshot(node.droplet);
  Partner partner(node);
  node.run(0, as_well);
  partner.sees("public");
  partner.begin_traffic();
  partner.check_open();
  partner.end_traffic();
  window::check_released(node, before);
}
