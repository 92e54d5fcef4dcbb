// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"

#include <algorithm>
#include <deque>
#include <regex>

namespace nemesis {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t longest_lag_ms = 8'000;  // of metadata in any storm
constexpr std::int64_t for_ever = INT64_MAX;

struct Holding {
  std::int64_t droplet = 0;
  std::int64_t from_ms = 0;
  std::int64_t until_ms = for_ever;
};

class Judging {
 public:
  Judging(const Fleet& fleet, const Json& journal, Findings& findings)
      : fleet_(fleet), journal_(journal), findings_(findings) {
    for (const int number : fleet.storm().abroad) {
      untouchable_.insert(address_of(number));
    }
    for (const int number : fleet.storm().taken) {
      taken_.insert(address_of(number));
    }
    for (int number = 1; number <= fleet.storm().addresses; ++number) {
      pool_.insert(address_of(number));
    }
  }

  void run() {
    for (const Json& assignment : journal_.at("assignments")) {
      take(assignment);
    }
    for (const Json& theft : journal_.at("thefts")) {
      findings_.require(fleet_.storm().keeping != Keeping::lease,
                        "with Leases, an address was taken from a node that had proven it: {}",
                        theft.dump());
    }
    for (const Json& request : journal_.at("requests")) {
      look_at(request);
    }
  }

 private:
  void take(const Json& assignment) {
    const std::string ip = assignment.at("ip");
    const std::int64_t at = assignment.at("at_ms");
    const bool by_api = assignment.at("by") == "api";
    if (assignment.at("by") == "control") {
      taken_.erase(ip);  // its current holder did not have it from the beginning
    }
    if (by_api) {
      findings_.require(pool_.contains(ip) && !untouchable_.contains(ip),
                        "an address that is nobody's business was touched: {}", assignment.dump());
      findings_.require(!taken_.contains(ip), "an address of others was touched: {}",
                        assignment.dump());
    }
    auto& holdings = holdings_[ip];
    if (!holdings.empty()) {
      holdings.back().until_ms = std::min(holdings.back().until_ms, at);
    }
    if (assignment.at("to").is_number()) {
      const std::int64_t to = assignment.at("to");
      findings_.require(!by_api || fleet_.everybody().contains(to),
                        "an address was given to a foreign droplet: {}", assignment.dump());
      holdings.push_back({to, at});
    }
  }

  void look_at(const Json& request) {
    static const std::regex one("/v2/reserved_ips/([0-9.]+)");
    static const std::regex actions("/v2/reserved_ips/([0-9.]+)/actions");
    static const std::regex node("/api/v1/nodes/(.+)");
    const std::string server = request.at("server");
    const std::string method = request.at("method");
    const std::string path = request.at("path");
    std::smatch part;
    if (server == "digitalocean") {
      if (method == "POST" && std::regex_match(path, part, actions)) {
        judge_post(request, part[1]);
      }
      judge_patience(request);
      const bool read = method == "GET" && std::regex_match(path, part, one);
      before_[request.at("connection")] = {read ? part[1].str() : "", request.at("at_ms")};
    } else if (server == "kubernetes" && method == "PATCH" && std::regex_match(path, part, node)) {
      judge_label(request, part[1]);
    }
  }

  // A POST must follow directly on a reading that shows the address free.
  void judge_post(const Json& request, const std::string& ip) {
    const Json body = Json::parse(request.at("body").get<std::string>(), nullptr, false);
    findings_.require(body.is_object(), "a POST that is no JSON: {}", request.dump());
    findings_.require(pool_.contains(ip), "a POST for an address outside the pool: {}",
                      request.dump());
    if (!body.is_object() || body.value("type", "") != "assign") {
      return;
    }
    findings_.require(fleet_.everybody().contains(body.value("droplet_id", std::int64_t{0})),
                      "a POST for a foreign droplet: {}", request.dump());
    const auto before = before_.find(request.at("connection"));
    if (before == before_.end()) {
      return;  // a new connection: another one did the reading
    }
    findings_.require(before->second.ip == ip, "a POST without reading the address before: {}",
                      request.dump());
    const auto holder = holder_at(ip, before->second.at_ms);
    findings_.require(!holder, "a POST for an address that {} was seen to hold: {}",
                      holder.value_or(0), request.dump());
  }

  // A run waits as long as a rate limit tells it.
  void judge_patience(const Json& request) {
    constexpr std::int64_t rounding_ms = 2;
    const std::int64_t at = request.at("at_ms");
    const auto refused = refused_.find(request.at("connection"));
    if (refused != refused_.end()) {  // unless another run got the same port
      const auto [since, wait] = refused->second;
      findings_.require(at >= since + wait - rounding_ms || !is_one_run(request, since),
                        "a request {} ms after a refusal that asked for {} ms: {}", at - since,
                        wait, request.dump());
      refused_.erase(refused);
    }
    const Json& wait = request.at("retry_after");
    if (request.at("status") == 429 && wait.is_string()) {
      refused_[request.at("connection")] = {at, std::stoll(wait.get<std::string>()) * 1000};
    }
  }

  bool is_one_run(const Json& request, std::int64_t since_ms) const {
    return std::ranges::any_of(fleet_.ended(), [&](const Ended& run) {
      return run.droplet.id == request.at("droplet") && run.started_ms <= since_ms &&
             run.ended_ms >= request.at("at_ms").get<std::int64_t>();
    });
  }

  // The holder at that time; none if it changed in that millisecond.
  std::optional<std::int64_t> holder_at(const std::string& ip, std::int64_t at_ms) {
    for (const Holding& holding : holdings_[ip]) {
      if (holding.from_ms < at_ms && at_ms < holding.until_ms) {
        return holding.droplet;
      }
    }
    return std::nullopt;
  }

  // A label may name only an address that the droplet held when the run read it.
  void judge_label(const Json& request, const std::string& name) {
    const Json body = Json::parse(request.at("body").get<std::string>(), nullptr, false);
    const Json labels = body.value("metadata", Json::object()).value("labels", Json::object());
    if (labels.value(support::enabled_label, Json()) != "true") {
      return;
    }
    const Json said = labels.value(support::address_label, Json());
    const std::string ip = said.is_string() ? said.get<std::string>() : "";
    const std::int64_t at = request.at("at_ms");
    const bool held = std::ranges::any_of(fleet_.everybody(), [&](const auto& droplet) {
      return droplet.second == name &&
             held_between(ip, droplet.first,
                          fleet_.earliest_start(droplet.first, at) - longest_lag_ms, at);
    });
    findings_.require(held, "Node {} was told that it has {}, which it had not: {}", name, ip,
                      request.dump());
  }

  bool held_between(const std::string& ip, std::int64_t droplet, std::int64_t from_ms,
                    std::int64_t until_ms) {
    return std::ranges::any_of(holdings_[ip], [&](const Holding& holding) {
      return holding.droplet == droplet && holding.from_ms <= until_ms &&
             holding.until_ms >= from_ms;
    });
  }

  struct Read {
    std::string ip = {};
    std::int64_t at_ms = 0;
  };

  const Fleet& fleet_;
  const Json& journal_;
  Findings& findings_;
  std::set<std::string> pool_ = {};
  std::set<std::string> untouchable_ = {};
  std::set<std::string> taken_ = {};
  std::map<std::string, std::vector<Holding>> holdings_ = {};
  std::map<std::int64_t, Read> before_ = {};  // the last request of each connection
  struct Refusal {
    std::int64_t at_ms = 0;
    std::int64_t wait_ms = 0;
  };
  std::map<std::int64_t, Refusal> refused_ = {};  // by connection
};

}  // namespace

void judge_journal(const Fleet& fleet, const Json& journal, Findings& findings) {
  Judging(fleet, journal, findings).run();
}

int busiest_minute(const Json& journal) {
  std::deque<std::int64_t> recent;
  std::size_t most = 0;
  for (const Json& request : journal.at("requests")) {
    if (request.at("server") != "digitalocean") {
      continue;
    }
    recent.push_back(request.at("at_ms"));
    while (recent.front() + minute_ms <= recent.back()) {
      recent.pop_front();
    }
    most = std::max(most, recent.size());
  }
  return static_cast<int>(most);
}

}  // namespace nemesis
