// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// Traffic that runs during a test and is counted. A datagram is lost if it never returns, however
// long that takes.
namespace support {

// Sends back every datagram and records its source.
class DatagramService {
 public:
  struct Sighting {
    std::string source = {};
    std::chrono::steady_clock::time_point first = {};
    std::chrono::steady_clock::time_point last = {};
    int datagrams = 0;
  };

  DatagramService(const std::string& netns, int port, const std::string& address = "0.0.0.0");
  DatagramService(const DatagramService&) = delete;
  DatagramService& operator=(const DatagramService&) = delete;
  ~DatagramService();

  // The sources in order, each run of one source once. A few datagrams that were overtaken at the
  // moment of a switch do not count.
  std::vector<Sighting> sightings() const;
  std::vector<std::string> sources() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Count {
  int sent = 0;
  int lost = 0;
  std::chrono::milliseconds silence{0};  // the longest time without an answer
};

// Sends a thousand datagrams a second to a DatagramService, fewer if answers are slow, so that no
// buffer on the way overflows.
class DatagramFlow {
 public:
  // One socket for all datagrams, or one for each: then every datagram is a new connection, and
  // fewer are sent.
  enum class Sockets { one, many };

  DatagramFlow(const std::string& netns, const std::string& address, int port,
               Sockets sockets = Sockets::one);
  DatagramFlow(const DatagramFlow&) = delete;
  DatagramFlow& operator=(const DatagramFlow&) = delete;
  ~DatagramFlow();

  // Waits for answers to datagrams sent from now on. False if too few arrive in time.
  bool goes_on(int answers = 300, std::chrono::seconds patience = std::chrono::minutes(1)) const;

  // Stops, and waits for the answers under way.
  Count stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A TCP session to an EchoService that sends all the time.
class Stream {
 public:
  explicit Stream(const std::string& address, const std::string& from = "internet", int port = 22);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  bool goes_on(int answers = 300, std::chrono::seconds patience = std::chrono::minutes(1)) const;
  Count stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace support
