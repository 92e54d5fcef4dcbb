// SPDX-License-Identifier: Apache-2.0
#include "dns.hpp"
#include "fabric.hpp"
#include "listen.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/prctl.h>

#include <csignal>
#include <thread>

namespace {

// Events happen when they are due, even without a request.
[[noreturn]] void tick(sim::Shared& shared) {
  for (;;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::scoped_lock lock(shared.mutex);
    shared.world.advance(sim::now());
  }
}

sim::Names parse_names(const std::vector<std::string>& texts) {
  sim::Names names;
  for (const std::string& text : texts) {
    const auto sign = text.find('=');
    names[text.substr(0, sign)] = text.substr(sign + 1);
  }
  return names;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App parser{"do-sim: a simulated DigitalOcean, metadata and Kubernetes API"};
  std::vector<std::string> listen;
  std::vector<std::string> names;
  std::string fabric;
  sim::Tls tls;
  bool parent_death = false;
  parser.add_option("--listen", listen, "ROLE=http://ADDRESS:PORT[@NETNS], or dns=udp://…")
      ->required();
  parser.add_option("--name", names, "NAME=ADDRESS, which dns knows");
  parser.add_option("--certificate", tls.certificate);
  parser.add_option("--key", tls.key);
  parser.add_option("--fabric", fabric, "network namespace with the maps a2f and f2a");
  parser.add_flag("--parent-death", parent_death, "end with the process that started this one");
  CLI11_PARSE(parser, argc, argv);
  if (parent_death) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  std::signal(SIGPIPE, SIG_IGN);

  sim::World::OnTranslation translation;
  if (!fabric.empty()) {
    translation = [&](const std::string& anchor, const std::string& ip, bool on) {
      sim::translate(fabric, anchor, ip, on);
    };
  }
  sim::Shared shared(translation);
  try {
    sim::Json ready = sim::Json::object();
    for (const std::string& text : listen) {
      const sim::Endpoint endpoint = sim::parse_endpoint(text);
      if (endpoint.scheme == "udp") {
        sim::serve_names(shared, endpoint, parse_names(names));
        continue;
      }
      const int port = sim::serve(shared, endpoint, tls);
      ready[endpoint.role].push_back(
          fmt::format("{}://{}:{}", endpoint.scheme, endpoint.address, port));
    }
    fmt::print("{}\n", ready.dump());
    std::fflush(stdout);
  } catch (const std::exception& error) {
    fmt::print(stderr, "do-sim: {}\n", error.what());
    std::_Exit(1);
  }
  tick(shared);
}
