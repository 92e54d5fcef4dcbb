// SPDX-License-Identifier: Apache-2.0
#include "app/verify/questions.hpp"

#include "cloud/verify.hpp"

#include <algorithm>

namespace app {
namespace {

constexpr int most_tries = 3;
constexpr io::Duration pause{1'000};

}  // namespace

Questions::~Questions() {
  for (const io::Http::Ticket ticket : asked_) {
    system_.http.cancel(ticket);
  }
}

void Questions::start() {
  for (const std::string& url : invocation_.config.verify_urls) {
    asked_.push_back(
        system_.http.start(cloud::whatismyip_request(url, invocation_.digitalocean.ca_file)));
  }
}

std::vector<core::Sighting> Questions::wait() {
  std::vector<core::Sighting> sightings;
  for (const std::string& url : invocation_.config.verify_urls) {
    const auto ticket = asked_.front();
    asked_.erase(asked_.begin());
    core::Sighting sighting{.service = url};
    const auto failure = core::catch_error_except_signals(
        [&] { sighting.seen = cloud::decode_whatismyip(url, system_.http.wait(ticket)); });
    sighting.problem = failure ? failure->what() : "";
    sightings.push_back(std::move(sighting));
  }
  return sightings;
}

std::vector<core::Sighting> Questions::insist_on(core::Ipv4 wanted) {
  const auto is_right = [wanted](const core::Sighting& one) { return one.seen == wanted; };
  for (int tries = 1;; ++tries) {
    auto sightings = wait();
    if (std::ranges::all_of(sightings, is_right) || tries == most_tries ||
        system_.clock.remaining() < pause) {
      return sightings;
    }
    system_.clock.sleep(pause);
    start();
  }
}

bool Questions::internet_answers() const {
  io::Request request = cloud::probe_request(io::Server::digitalocean, invocation_.digitalocean.url,
                                             invocation_.digitalocean.ca_file);
  request.connect_only = true;
  return !core::catch_error_except_signals([&] { system_.http.send(request); });
}

}  // namespace app
