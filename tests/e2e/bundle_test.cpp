// SPDX-License-Identifier: Apache-2.0
// `do-egress-ip doctor --bundle FILE`: what a bug report needs, and no secret.
#include "secretive.hpp"

#include <sys/stat.h>

#include <algorithm>

using support::Json;
using support::Run;

namespace {

struct Reporter : Secretive {
  const std::string file = secrets / "bundle";

  Run report(const std::string& path, const std::vector<std::string>& more = {},
             const support::Variables& changes = {}) const {
    std::vector<std::string> words = usual({"--bundle", path});
    words.insert(words.begin(), "doctor");
    words.insert(words.end(), more.begin(), more.end());
    const Run found = support::run(command(words, changes));
    check_silent(found);
    return found;
  }

  // Runs with this as the file; nothing may be left behind.
  void check_refused(const std::string& path, const std::string& cause) const {
    CAPTURE(path);
    const auto names = [&] {
      std::vector<std::string> found;
      for (const auto& entry : std::filesystem::directory_iterator(secrets)) {
        found.push_back(entry.path());
      }
      std::ranges::sort(found);
      return found;
    };
    const auto before = names();
    const Run found = report(path);
    INFO(found.out, found.err);
    CHECK(found.exit == 71);
    CHECK(support::errors(found).at(0).ends_with("cannot write " + path + ": " + cause));
    CHECK(found.out.find("failed: os-error (71)") != std::string::npos);
    CHECK(names() == before);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The lines between a heading and the next.
std::string section(const std::string& text, const std::string& name) {
  const auto start = text.find("\n== " + name + "\n");
  REQUIRE_MESSAGE(start != std::string::npos, name);
  return text.substr(start + 1, text.find("\n== ", start + 1) - start);
}

}  // namespace

TEST_CASE("bundle: healthy node, has the facts of every source") {
  const Reporter reporter;
  const auto& world = reporter.node.world;
  const auto& droplet = reporter.node.droplet;
  CHECK(reporter.run({}) == 0);
  world.ip(droplet, "route add 10.99.0.0/16 dev eth1 mtu 1400 realm 7");
  world.ip(droplet, "rule add pref 77 fwmark 0x10/0xf0 lookup 52");
  world.sim("PUT", "/rbac",
            {{"rules", {{{"apiGroups", {"*"}}, {"resources", {"*"}}, {"verbs", {"*"}}}}}});
  world.sim("PUT", "/configmaps/kube-system/cilium-config",
            {{"data", {{"enable-bpf-masquerade", "true"}, {"password", "SECRETpass"}}}});
  const std::string before = world.snapshot(droplet);
  const Json known = world.sim("GET", "/world");
  const Run found = reporter.report(reporter.file);
  INFO(found.out, found.err);
  CHECK(found.exit == 0);
  CHECK(has(found.out, "\nbundle: " + reporter.file + "; read it"));
  CHECK(world.snapshot(droplet) == before);
  CHECK(world.sim("GET", "/world") == known);

  const std::string text = content_of(reporter.file);
  CAPTURE(text);
  CHECK(has(section(text, "program"), "version: "));
  CHECK(has(section(text, "system"), "kernel: "));
  CHECK(has(section(text, "options"), "bundle = " + reporter.file + "   (--bundle)\n"));
  CHECK(has(section(text, "options"), "   (DO_EGRESS_IP_TOKEN_FILE)\n"));
  CHECK(has(section(text, "doctor"), "\nok       net-admin "));
  CHECK(has(section(text, "requests"), "/metadata/v1.json: 200\n"));
  CHECK(has(section(text, "links"), " ifname eth0 "));
  CHECK(has(section(text, "addresses"), " local PUBLIC-IP "));
  CHECK(has(section(text, "rules"), " fwmark 0x10 "));
  CHECK(has(section(text, "routes"), " table 254 dst 10.99.0.0 "));
  CHECK(has(section(text, "routes"), " metrics 080002007805"));
  CHECK(has(section(text, "routes"), " realms 0x7"));
  CHECK(has(section(text, "routes in use"), " via "));
  CHECK(has(section(text, "marks"), "table ip do-egress-ip: set PUBLIC-IP\n"));
  CHECK(has(section(text, "pool"), "holder: this droplet\n"));
  CHECK(has(section(text, "metadata"), "\"anchor_ipv4\""));
  CHECK(has(section(text, "metadata"), "\"public_keys\": \"hidden\""));
  CHECK(has(section(text, "node"), "\"do-outbound-floating-ip-enabled\": \"true\""));
  CHECK(has(section(text, "cilium-config"), "\"enable-bpf-masquerade\": \"true\""));
  struct stat status = {};
  REQUIRE(stat(reporter.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
}

TEST_CASE("bundle: secrets in every source, are not in it, nor names and public addresses") {
  const Reporter reporter;
  const auto& world = reporter.node.world;
  const auto& droplet = reporter.node.droplet;
  CHECK(reporter.run({}) == 0);
  const Json nic = {{"ipv4",
                     {{"ip_address", droplet.public_address},
                      {"netmask", "255.255.240.0"},
                      {"gateway", droplet.public_gateway}}},
                    {"ipv6", {{"ip_address", "2001:db8::SECRET"}}},
                    {"anchor_ipv4",
                     {{"ip_address", droplet.anchor},
                      {"netmask", "255.255.0.0"},
                      {"gateway", droplet.anchor_gateway}}}};
  const Json metadata = {{"droplet_id", droplet.id},
                         {"hostname", droplet.name},
                         {"region", "nyc3"},
                         {"user_data", "#!/bin/sh\nexport PASSWORD=SECRETplain"},
                         {"vendor_data", reporter.api_token},
                         {"auth_key", "SECRETkey"},
                         {"public_keys", {"ssh-ed25519 AAAASECRET me@home"}},
                         {"something_new", "SECRETnew"},
                         {"interfaces", {{"public", {nic}}}}};
  world.fault({{"server", "metadata"},
               {"kind", "status"},
               {"status", 200},
               {"body", metadata.dump()},
               {"count", -1}});
  world.sim("PUT", "/nodes/node-1",
            {{"labels", {{"team", "SECRETteam"}, {support::enabled_label, "true"}}}});
  const std::string config =
      reporter.put("config.toml",
                   "verify-url = [\"https://me:SECRETpw@seen.example/?key=SECRETquery\"]\n"
                   "api-url = \"https://" +
                       world.internet() + ".2\"\n");
  const Run found = reporter.report(reporter.file, {"--config", config, "-v"},
                                    {{"DIGITALOCEAN_TOKEN", "dop_v1_SECRETother"},
                                     {"DIGITALOCEAN_ACCESS_TOKEN", reporter.api_token}});
  INFO(found.out, found.err);
  const std::string text = content_of(reporter.file);
  Reporter::check_silent(text);
  CAPTURE(text);
  CHECK(has(text, "https://***@seen.example/?***"));
  CHECK(has(text, "\"something_new\": \"hidden\""));
  for (const std::string& identity : {droplet.name, droplet.public_address,
                                      std::string("198.51.100.1"), std::string("198.51.100.2")}) {
    CAPTURE(identity);
    CHECK(!has(text, identity));
  }
  CHECK(has(text, "RESERVED-IP-1"));
}

TEST_CASE("bundle: file that cannot be written, ends with os-error and leaves nothing") {
  const Reporter reporter;
  const std::string existing = reporter.put("old", "mine");
  reporter.check_refused(existing, "File exists");
  CHECK(content_of(existing) == "mine");
  std::filesystem::create_symlink("nowhere", reporter.secrets / "link");
  reporter.check_refused(reporter.secrets / "link", "File exists");
  reporter.check_refused(reporter.secrets / "none/bundle", "No such file or directory");
  reporter.check_refused("/dev/full", "File exists");

  const std::string small = reporter.secrets / "small";
  std::filesystem::create_directory(small);
  const auto on_droplet = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"exec", reporter.node.droplet.name});
    reporter.node.world.lab(words);
  };
  on_droplet({"mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", small});
  reporter.check_refused(small + "/bundle", "No space left on device");
  CHECK(std::filesystem::is_empty(small));
  on_droplet({"umount", small});
}

TEST_CASE("bundle: to stdout, is the only output") {
  const Reporter reporter;
  const Run found = reporter.report("-");
  CHECK(found.exit == 0);
  CHECK(found.out.starts_with("do-egress-ip bundle, format 1\n"));
  CHECK(!has(found.out.substr(found.out.find("\n== links")), "checks passed"));
  const Run both = reporter.report("-", {"-o", "json"});
  CHECK(both.exit == 64);
  CHECK(Json::parse(both.out).at("bundle").is_null());

  support::Command full = reporter.command(Secretive::usual({"--bundle", "-"}));
  const std::vector<std::string> shell = {"sh", "-c", "exec \"$@\" doctor >/dev/full", "sh"};
  full.words.insert(full.words.begin(), shell.begin(), shell.end());
  const Run lost = support::run(full);
  INFO(lost.err);
  CHECK(lost.exit == 71);
  CHECK(support::errors(lost).at(0).ends_with("cannot write stdout: No space left on device"));
}
