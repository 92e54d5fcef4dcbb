// SPDX-License-Identifier: Apache-2.0
#include "support/traffic.hpp"

#include "support/session.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

using Time = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds interval{1};
constexpr int few = 5;                  // fewer by this factor if each datagram has its own socket
constexpr int most_under_way = 64;      // far below the size of a socket's buffer
constexpr milliseconds too_long{2000};  // without any answer: the datagrams under way count as lost
constexpr milliseconds longest_drain{5000};

sockaddr_in socket_address(const std::string& address, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

bool wait_until(Time::duration patience, const auto& holds) {
  const auto deadline = Time::now() + patience;
  while (!holds()) {
    if (Time::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

}  // namespace

struct DatagramService::State {
  int socket = -1;
  std::atomic<bool> ending = false;
  mutable std::mutex mutex = {};
  std::vector<Sighting> sightings = {};
  std::thread thread = {};

  void see(const std::string& source) {
    const std::lock_guard lock(mutex);
    const auto now = Time::now();
    if (sightings.empty() || sightings.back().source != source) {
      sightings.push_back({source, now, now});
    }
    sightings.back().last = now;
    ++sightings.back().datagrams;
  }

  void serve() {
    pollfd readable{socket, POLLIN, 0};
    while (!ending) {
      if (poll(&readable, 1, 50) <= 0) {
        continue;
      }
      std::array<char, 64> data{};
      sockaddr_in from{};
      socklen_t length = sizeof from;
      auto* address = reinterpret_cast<sockaddr*>(&from);
      const ssize_t size = recvfrom(socket, data.data(), data.size(), 0, address, &length);
      if (size >= 0) {
        std::array<char, INET_ADDRSTRLEN> text{};
        see(inet_ntop(AF_INET, &from.sin_addr, text.data(), text.size()));
        sendto(socket, data.data(), static_cast<std::size_t>(size), 0, address, length);
      }
    }
  }
};

DatagramService::DatagramService(const std::string& netns, int port, const std::string& address)
    : state_(std::make_unique<State>()) {
  state_->socket = socket_in(netns, SOCK_DGRAM);
  const sockaddr_in here = socket_address(address, port);
  if (bind(state_->socket, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    throw std::runtime_error("cannot listen in " + netns);
  }
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

DatagramService::~DatagramService() {
  state_->ending = true;
  state_->thread.join();
  close(state_->socket);
}

std::vector<DatagramService::Sighting> DatagramService::sightings() const {
  constexpr int handful = 10;
  const std::lock_guard lock(state_->mutex);
  std::vector<Sighting> counted;
  for (const Sighting& sighting : state_->sightings) {
    if (sighting.datagrams < handful) {
      continue;
    }
    if (counted.empty() || counted.back().source != sighting.source) {
      counted.push_back(sighting);
    }
    counted.back().last = sighting.last;
  }
  return counted;
}

std::vector<std::string> DatagramService::sources() const {
  std::vector<std::string> sources;
  for (const Sighting& sighting : sightings()) {
    sources.push_back(sighting.source);
  }
  return sources;
}

struct DatagramFlow::State {
  std::string netns = {};
  sockaddr_in there = {};
  Sockets sockets = Sockets::one;
  int socket = -1;
  std::deque<int> earlier = {};  // one per datagram
  std::atomic<bool> ending = false;
  std::atomic<std::uint32_t> sent = 0;
  mutable std::mutex mutex = {};
  std::vector<bool> answered = {};
  std::thread thread = {};

  int answers_from(std::uint32_t first) const {
    const std::lock_guard lock(mutex);
    int count = 0;
    for (std::size_t number = first; number < answered.size(); ++number) {
      count += answered[number];
    }
    return count;
  }

  // Answers may be late, so the sockets of the last second stay open.
  void retire() {
    constexpr std::size_t most = 200;
    if (socket >= 0) {
      earlier.push_back(socket);
    }
    if (earlier.size() > most) {
      close(earlier.front());
      earlier.pop_front();
    }
  }

  void close_all() {
    close(socket);
    for (const int one : earlier) {
      close(one);
    }
  }

  void open() {
    retire();
    socket = socket_in(netns, SOCK_DGRAM | SOCK_NONBLOCK);
    if (connect(socket, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
      throw std::runtime_error("no way out of " + netns);
    }
  }

  void send_one() {
    if (sockets == Sockets::many) {
      open();
    }
    const std::uint32_t number = sent;
    {
      const std::lock_guard lock(mutex);
      answered.push_back(false);
    }
    static_cast<void>(!send(socket, &number, sizeof number, 0));
    ++sent;
  }

  milliseconds gap() const { return interval * (sockets == Sockets::one ? 1 : few); }

  milliseconds silence() const {
    const std::lock_guard lock(mutex);
    int longest = 0;
    int unanswered = 0;
    for (const bool answer : answered) {
      unanswered = answer ? 0 : unanswered + 1;
      longest = std::max(longest, unanswered);
    }
    return longest * gap();
  }

  int take_answers() {
    std::vector<pollfd> readable = {{socket, POLLIN, 0}};
    for (const int one : earlier) {
      readable.push_back({one, POLLIN, 0});
    }
    int count = 0;
    if (poll(readable.data(), readable.size(), 1) > 0) {
      for (const pollfd& one : readable) {
        count += one.revents == 0 ? 0 : take_answers(one.fd);
      }
    }
    return count;
  }

  int take_answers(int from) {
    int count = 0;
    for (std::uint32_t number = 0; recv(from, &number, sizeof number, 0) == sizeof number;) {
      const std::lock_guard lock(mutex);
      if (number < answered.size() && !answered[number]) {
        answered[number] = true;
        ++count;
      }
    }
    return count;
  }

  void run() {
    int under_way = 0;
    auto next = Time::now();
    auto last_answer = next;
    while (!ending || (under_way > 0 && Time::now() - last_answer < longest_drain)) {
      if (const int count = take_answers(); count > 0) {
        under_way = std::max(0, under_way - count);
        last_answer = Time::now();
      }
      const auto now = Time::now();
      if (!ending && under_way > 0 && now - last_answer > too_long) {
        under_way = 0;
        last_answer = now;
      }
      if (!ending && now >= next && (under_way < most_under_way || sockets == Sockets::many)) {
        send_one();
        ++under_way;
        next = std::max(next + gap(), now - interval);
      }
    }
  }
};

DatagramFlow::DatagramFlow(const std::string& netns, const std::string& address, int port,
                           Sockets sockets)
    : state_(std::make_unique<State>()) {
  state_->netns = netns;
  state_->there = socket_address(address, port);
  state_->sockets = sockets;
  state_->open();
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

DatagramFlow::~DatagramFlow() {
  stop();
  state_->close_all();
}

bool DatagramFlow::goes_on(int answers, std::chrono::seconds patience) const {
  const std::uint32_t first = state_->sent;
  return wait_until(patience, [&] { return state_->answers_from(first) >= answers; });
}

Count DatagramFlow::stop() {
  state_->ending = true;
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
  const int sent = static_cast<int>(state_->sent.load());
  return {.sent = sent, .lost = sent - state_->answers_from(0), .silence = state_->silence()};
}

struct Stream::State {
  State(const std::string& address, const std::string& from, int port)
      : session(address, from, port) {}

  Session session;
  std::atomic<bool> ending = false;
  std::atomic<int> sent = 0;
  std::atomic<int> answered = 0;
  std::thread thread = {};

  void run() {
    while (!ending) {
      ++sent;
      if (!session.answers()) {
        return;
      }
      ++answered;
      std::this_thread::sleep_for(interval);
    }
  }
};

Stream::Stream(const std::string& address, const std::string& from, int port)
    : state_(std::make_unique<State>(address, from, port)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Stream::~Stream() {
  stop();
}

bool Stream::goes_on(int answers, std::chrono::seconds patience) const {
  const int wanted = state_->answered + answers;
  return wait_until(patience, [&] { return state_->answered >= wanted; });
}

Count Stream::stop() {
  state_->ending = true;
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
  return {.sent = state_->sent, .lost = state_->sent - state_->answered};
}

}  // namespace support
