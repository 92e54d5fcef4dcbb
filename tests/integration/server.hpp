// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "io/clock.hpp"
#include "io/http.hpp"

#include <doctest/doctest.h>
#include <httplib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <thread>

namespace integration {

// A server on its own port of 127.0.0.1 until the end of the test.
class TestServer {
 public:
  explicit TestServer(std::unique_ptr<httplib::Server> server = std::make_unique<httplib::Server>(),
                      const std::string& host = "127.0.0.1")
      : server_(std::move(server)), host_(host) {
    server_->set_keep_alive_timeout(1);
    server_->set_keep_alive_max_count(100);
    server_->set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      const std::lock_guard lock(mutex_);
      connections_.insert(request.remote_port);
      return httplib::Server::HandlerResponse::Unhandled;
    });
    port_ = server_->bind_to_any_port(host_.c_str());
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) {
      std::this_thread::yield();
    }
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    release();
    server_->stop();
    thread_.join();
  }

  httplib::Server* operator->() { return server_.get(); }
  std::string url(const std::string& path, const std::string& scheme = "http") const {
    const bool ipv6 = host_.find(':') != std::string::npos;
    return scheme + "://" + (ipv6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_) + path;
  }
  std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

  // Blocks a handler until the end of the test.
  void hold() const { released_.wait(); }
  void release() {
    if (!std::exchange(is_released_, true)) {
      release_.set_value();
    }
  }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::string host_;
  std::thread thread_ = {};
  int port_ = 0;
  std::mutex mutex_ = {};
  std::set<int> connections_ = {};
  std::promise<void> release_ = {};
  std::shared_future<void> released_ = release_.get_future().share();
  bool is_released_ = false;
};

// Real time with a deadline; interrupt() acts like a signal.
class TestClock : public io::Clock {
 public:
  explicit TestClock(io::Duration deadline = std::chrono::seconds{30}) : deadline_(deadline) {}
  TestClock(const TestClock&) = delete;
  TestClock& operator=(const TestClock&) = delete;
  ~TestClock() override { close(event_); }

  io::Duration elapsed() const override {
    return std::chrono::duration_cast<io::Duration>(std::chrono::steady_clock::now() - start_);
  }
  std::chrono::seconds wall() const override { return {}; }
  io::Duration deadline() const override { return deadline_; }
  io::Duration remaining() const override {
    return std::max(deadline_ - elapsed(), io::Duration{0});
  }
  void sleep(io::Duration) override {}
  void check() override {
    if (interrupted_) {
      throw core::Error(core::Exit::terminated, "ended by a signal");
    }
  }
  int wake_descriptor() const override { return event_; }

  void interrupt() {
    interrupted_ = true;
    eventfd_write(event_, 1);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  io::Duration deadline_;
  int event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::atomic<bool> interrupted_ = false;
};

// libcurl behind io::Http.
struct Client {
  explicit Client(io::Duration limit = io::Duration{10'000},
                  io::Duration deadline = std::chrono::seconds{30})
      : clock(deadline), http(io::open_http(clock, log, {}, limit)) {}

  io::Response get(const std::string& url) { return http->send({.url = url}); }
  core::Error failure(const io::Request& request) {
    const auto error = core::catch_error([&] { http->send(request); });
    REQUIRE(error.has_value());
    return *error;
  }

  io::Log log{io::LogFormat::text, io::Level::error};
  TestClock clock;
  std::unique_ptr<io::Http> http;
};

}  // namespace integration
