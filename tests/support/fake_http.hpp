// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/http.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace support {

using Reply = std::variant<io::Response, core::Error>;

Reply json_reply(std::string body, long status = 200);
Reply no_reply();  // Error(unavailable), as without a listener

// Records requests. Answers from the script, else from `handler`, else with 404.
class FakeHttp : public io::Http {
 public:
  // The replies to "METHOD URL" in order; the last one repeats.
  void script(const std::string& call, std::vector<Reply> replies);

  Ticket start(const io::Request& request) override;
  io::Response wait(Ticket ticket) override;
  void cancel(Ticket ticket) override;
  void drop_idle_connections() override { ++renewals; }
  io::RequestCounts counts() const override { return counts_; }
  io::ReplyCounts replies() const override { return answered_; }

  // "METHOD URL" of each request in order.
  std::vector<std::string> calls() const;

  std::function<Reply(const io::Request&)> handler = {};
  std::vector<io::Request> sent = {};
  std::set<Ticket> cancelled = {};
  int renewals = 0;
  std::size_t in_flight() const { return replies_.size(); }

 private:
  Reply answer(const io::Request& request);

  std::map<std::string, std::vector<Reply>> scripts_ = {};
  std::map<Ticket, std::pair<io::Server, Reply>> replies_ = {};
  io::RequestCounts counts_ = {};
  io::ReplyCounts answered_ = {};
  Ticket last_ticket_ = 0;
};

}  // namespace support
