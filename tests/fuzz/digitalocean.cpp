// SPDX-License-Identifier: Apache-2.0
// Replies of DigitalOcean or of a proxy to any request.
#include "cloud/digitalocean.hpp"

#include "core/plan/candidates.hpp"
#include "fuzz.hpp"
#include "support/fake_http.hpp"

#include <algorithm>

namespace {

using core::Exit;

constexpr core::Ipv4 wanted{{198, 51, 100, 8}};
constexpr core::DropletId droplet = 758604990;
const std::vector<core::Ipv4> pool = {wanted, {{198, 51, 100, 9}}};

// Gives the same reply to every request, for one page of a list.
struct Stranger {
  explicit Stranger(const io::Response& reply) {
    http.handler = [reply](const io::Request& request) {
      return request.url.ends_with("&page=2") ? support::json_reply(R"({"reserved_ips":[]})")
                                              : support::Reply(reply);
    };
  }

  template <typename Call>
  void hear(Call&& call) {
    fuzz::failing_as(
        {Exit::unavailable, Exit::try_again, Exit::no_permission, Exit::config, Exit::software},
        std::forward<Call>(call));
  }

  support::FakeHttp http = {};
  cloud::DigitalOcean api{http, "https://api.test", "", [] { return cloud::Secret{"x"}; }};
};

// Selects the pool's entries like app::Observer.
core::Account account_of(const std::vector<core::FloatingIp>& listed) {
  core::Account account{.shows_droplets = true};
  for (const core::Ipv4 address : pool) {
    const auto known = std::ranges::find(listed, address, &core::FloatingIp::address);
    if (known != listed.end()) {
      account.pool.push_back(*known);
    }
  }
  return account;
}

void require_right_candidate(const std::vector<core::FloatingIp>& listed) {
  const auto choice =
      core::choose_candidate(account_of(listed), {.id = droplet, .region = "nyc3"}, pool, {});
  const auto* address = std::get_if<core::Ipv4>(&choice);
  if (address == nullptr) {
    return;
  }
  fuzz::require(std::ranges::find(pool, *address) != pool.end(), "a candidate is in the pool");
  fuzz::require(std::ranges::any_of(listed,
                                    [&](const core::FloatingIp& entry) {
                                      return entry.address == *address && entry.holder_shown &&
                                             !entry.holder && !entry.locked &&
                                             entry.region == "nyc3";
                                    }),
                "a candidate is listed as free, in the droplet's region");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = fuzz::parse_response({reinterpret_cast<const char*>(data), size});
  Stranger stranger(reply);
  stranger.hear([&] { require_right_candidate(stranger.api.list_addresses().addresses); });
  stranger.hear([&] {
    const auto reading = stranger.api.read_address(wanted);
    fuzz::require(!reading || reading->address == wanted, "what is read is what was asked for");
  });
  stranger.hear([&] {
    const auto answer = stranger.api.assign(wanted, droplet);
    const bool accepted = answer.reply.kind == core::PostReply::Kind::accepted;
    fuzz::require(!accepted || reply.status / 100 == 2, "only 2xx accepts");
    fuzz::require(accepted || !answer.reply.action, "only what was accepted has an action");
    fuzz::require_fit(core::Error(Exit::config, "{}", answer.reply.message), {Exit::config});
  });
  stranger.hear([&] { stranger.api.unassign(wanted); });
  stranger.hear([&] { stranger.api.has_errored(wanted, 1); });
  stranger.hear([&] {
    fuzz::require(stranger.api.read_sight(droplet) != core::Sight::seen || reply.status == 200,
                  "only 200 is seeing");
  });
  stranger.hear([&] { stranger.api.read_public_addresses(droplet); });
  return 0;
}
