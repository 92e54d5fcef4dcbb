// SPDX-License-Identifier: Apache-2.0
#include "support/fake_http.hpp"

#include <algorithm>

namespace support {

Reply json_reply(std::string body, long status) {
  return io::Response{
      .status = status, .body = std::move(body), .headers = {{"content-type", "application/json"}}};
}

Reply no_reply() {
  return core::Error(core::Exit::unavailable, "Couldn't connect to server");
}

void FakeHttp::script(const std::string& call, std::vector<Reply> replies) {
  std::ranges::reverse(replies);  // the next one is at the back
  scripts_[call] = std::move(replies);
}

io::Http::Ticket FakeHttp::start(const io::Request& request) {
  sent.push_back(request);
  counts_.at(static_cast<std::size_t>(request.server)) += request.connect_only ? 0 : 1;
  const Ticket ticket = ++last_ticket_;
  replies_.emplace(ticket, std::pair(request.server, answer(request)));
  return ticket;
}

io::Response FakeHttp::wait(Ticket ticket) {
  const auto [server, reply] = replies_.extract(ticket).mapped();
  if (const auto* error = std::get_if<core::Error>(&reply)) {
    throw core::Error(*error);
  }
  const auto& response = std::get<io::Response>(reply);
  ++answered_[{server, response.status}];
  return response;
}

void FakeHttp::cancel(Ticket ticket) {
  replies_.erase(ticket);
  cancelled.insert(ticket);
}

std::vector<std::string> FakeHttp::calls() const {
  std::vector<std::string> result;
  for (const io::Request& request : sent) {
    result.push_back(request.method + " " + request.url);
  }
  return result;
}

Reply FakeHttp::answer(const io::Request& request) {
  const auto scripted = scripts_.find(request.method + " " + request.url);
  if (scripted != scripts_.end()) {
    auto& replies = scripted->second;
    const Reply reply = replies.back();
    if (replies.size() > 1) {
      replies.pop_back();
    }
    return reply;
  }
  return handler ? handler(request) : json_reply(R"({"message":"not found"})", 404);
}

}  // namespace support
