// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// Traffic that goes on while a test does something else, and is counted: what never comes back is
// lost, however long anything takes.
namespace support {

// Sends back every datagram, and knows where they came from.
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

  // The sources so far, one after the other: one that comes twice in a row is one. A handful that
  // was overtaken, being on another way at the moment of a switch, does not count.
  std::vector<Sighting> sightings() const;
  std::vector<std::string> sources() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Count {
  int sent = 0;
  int lost = 0;
  std::chrono::milliseconds silence{0};  // how long nothing came back, at its longest
};

// A thousand datagrams a second to a DatagramService; fewer where answers are slow, so that no
// buffer on the way runs over.
class DatagramFlow {
 public:
  // One for all datagrams; or each has its own, and so is a new connection, and fewer are sent.
  enum class Sockets { one, many };

  DatagramFlow(const std::string& netns, const std::string& address, int port,
               Sockets sockets = Sockets::one);
  DatagramFlow(const DatagramFlow&) = delete;
  DatagramFlow& operator=(const DatagramFlow&) = delete;
  ~DatagramFlow();

  // Waits for answers to datagrams that are sent from now on; false where not so many come within
  // that time.
  bool goes_on(int answers = 300, std::chrono::seconds patience = std::chrono::minutes(1)) const;

  // Ends it, and waits for what is under way.
  Count stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A TCP session to an EchoService that always has something to say.
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
