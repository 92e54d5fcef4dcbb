// SPDX-License-Identifier: Apache-2.0
// `verify` where the services, the Node or the environment are not what one expects: one clear
// message, and the exit code that the manual gives.
#include "pod.hpp"

#include <csignal>

using support::Json;
using support::Run;

namespace {

const std::string service = "http://192.0.2.1/";
const std::string dead = "http://192.0.2.1:81/";  // refuses connections

// A converged node; what its reserved IP is, and `verify` in its pod.
struct Pod : Node {
  Pod() {
    run(0);
    held = world.held_by(droplet).at(0);
    world.forget_requests();
  }

  support::Command command(const std::vector<std::string>& more = {},
                           const support::Variables& changes = {}) const {
    std::vector<std::string> words = {"--verify-url", service};
    words.insert(words.end(), more.begin(), more.end());
    return verify_in_pod(*this, words, changes);
  }

  Json verify(int exit, const std::vector<std::string>& more = {},
              const support::Variables& changes = {}) const {
    return result_of(support::run(command(more, changes)), exit);
  }

  std::string message(int exit, const std::vector<std::string>& more = {}) const {
    return verify(exit, more).at("error").at("message");
  }

  void answer(const std::string& body) const {
    world.sim("DELETE", "/faults");
    world.fault({{"server", "whatismyip"},
                 {"kind", "status"},
                 {"status", 200},
                 {"body", body},
                 {"count", -1}});
  }

  std::string held = {};
};

}  // namespace

TEST_CASE("verify: a service that answers with anything but an IPv4 address, exit 69") {
  const Pod pod;
  for (const std::string body : {"<html>Sign in to continue</html>", "2604:a880:400:d0::1", "",
                                 "198.51.100.300", R"({"origin":"198.51.100.1"})"}) {
    CAPTURE(body);
    pod.answer(body);
    CHECK(pod.message(69).starts_with("cannot verify the egress IP: " + service +
                                      " answered 200 and no IPv4 address: "));
  }
}

TEST_CASE("verify: a service that sees a private address, exit 13 with that address") {
  const Pod pod;
  pod.answer("10.0.0.3\n");
  CHECK(pod.message(13) ==
        "cannot verify the egress IP: " + service + " sees 10.0.0.3, not " + pod.held);
}

TEST_CASE("verify: one of two services is dead, exit 0 and the result names it") {
  const Pod pod;
  const Json services = pod.verify(0, {"--verify-url", dead}).at("services");
  CHECK(services.at(0).at("address") == pod.held);
  CHECK(services.at(1).at("url") == dead);
  CHECK(services.at(1).at("address").is_null());
  CHECK(services.at(1).at("error").get<std::string>().find(dead) != std::string::npos);
}

TEST_CASE("verify: a service that never answers, exit 69 at the deadline and 143 after SIGTERM") {
  const Pod pod;
  pod.world.fault({{"server", "whatismyip"}, {"kind", "hang"}, {"count", -1}});
  CHECK(pod.message(69, {"--timeout", "10s"}).starts_with("cannot verify the egress IP: "));

  pod.world.forget_requests();
  support::Child run(pod.command());
  while (pod.world.requests("whatismyip") == 0) {
    REQUIRE_FALSE(run.poll());
  }
  run.signal(SIGTERM);
  CHECK(run.wait().exit == 143);
}

TEST_CASE("verify: proxy variables and a silent metadata service change nothing") {
  const Pod pod;
  pod.world.fault({{"server", "metadata"}, {"kind", "hang"}, {"count", -1}});
  support::Variables proxies;
  for (const std::string name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"}) {
    proxies[name] = "http://192.0.2.1:81";
  }
  // The Kubernetes API is asked like kubectl does it: through the proxy, unless it is excepted.
  const Json refused = pod.verify(69, {}, proxies).at("error");
  CHECK(refused.at("hint").get<std::string>().find("proxy") != std::string::npos);
  proxies["no_proxy"] = "192.0.2.3";
  CHECK(pod.verify(0, {}, proxies).at("floating_ip") == pod.held);
  CHECK(pod.world.requests("metadata") == 0);
}

TEST_CASE("verify: no Node, exit 15; a silent Kubernetes API, exit 69; a refusing one, exit 77") {
  const Pod pod;
  pod.world.sim("DELETE", "/nodes/" + pod.droplet.name);
  CHECK(pod.message(15).find("there is no Node \"node-1\"") != std::string::npos);
  pod.world.fault({{"server", "kubernetes"}, {"kind", "status"}, {"status", 403}, {"count", -1}});
  CHECK(pod.message(77).starts_with("cannot read Node node-1: "));
  pod.world.sim("DELETE", "/faults");
  pod.world.fault({{"server", "kubernetes"}, {"kind", "reset"}, {"count", -1}});
  CHECK(pod.message(69, {"--timeout", "10s"}).starts_with("cannot read Node node-1: "));
}

TEST_CASE("verify: --expect takes one IPv4 address, else exit 64 before any request") {
  const Pod pod;
  for (const std::string value : {"198.51.100.1,198.51.100.2", "2604:a880::1", "egress", ""}) {
    CAPTURE(value);
    CHECK(pod.message(64, {"--expect", value}).find("--expect") != std::string::npos);
  }
  CHECK(pod.world.requests("whatismyip") == 0);
}
