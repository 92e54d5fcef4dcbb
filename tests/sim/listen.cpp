// SPDX-License-Identifier: Apache-2.0
#include "listen.hpp"

#include "spoil.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sched.h>

#include <future>
#include <memory>
#include <regex>
#include <stdexcept>
#include <thread>

namespace sim {
namespace {

constexpr int idle_seconds = 60;

// One thread per connection, so that an idle connection does not block others.
class Threads : public httplib::TaskQueue {
 public:
  using Taken =
      decltype(std::declval<httplib::TaskQueue&>().enqueue({}));  // returns bool since 0.14
  Taken enqueue(std::function<void()> task) override {
    std::thread(std::move(task)).detach();
    return Taken(true);
  }
  void shutdown() override {}
};

Call call_of(const Endpoint& endpoint, const httplib::Request& request) {
  Call call{.server = endpoint.role,
            .method = request.method,
            .path = request.path,
            .body = request.body,
            .caller = request.remote_addr,
            .bearer = {},
            .content_type = request.get_header_value("Content-Type"),
            .query = {}};
  const std::string authorization = request.get_header_value("Authorization");
  const std::string scheme = "Bearer ";
  if (authorization.rfind(scheme, 0) == 0) {
    call.bearer = authorization.substr(scheme.size());
  }
  for (const auto& [name, value] : request.params) {
    call.query[name] = value;
  }
  call.tls = endpoint.scheme == "https";
  return call;
}

Reply dispatch(Shared& shared, const Call& call) {
  if (call.server == "digitalocean") {
    return digitalocean(shared.world, call, now());
  }
  if (call.server == "metadata") {
    return metadata(shared.world, call, now());
  }
  if (call.server == "kubernetes") {
    return kubernetes(shared.world, call, now());
  }
  if (call.server == "control") {
    return control(shared.world, shared.faults, shared.requests, call, now());
  }
  return {.text = call.caller + "\n", .type = "text/plain"};
}

void note(Shared& shared, const Call& call, const httplib::Request& request, int status,
          const std::map<std::string, std::string>& headers) {
  const std::string peer = fmt::format("{} {}:{}", call.server, call.caller, request.remote_port);
  const auto number = static_cast<std::int64_t>(shared.connections.size() + 1);
  const auto connection = shared.connections.emplace(peer, number).first->second;
  const Droplet* droplet = shared.world.droplet_at(call.caller);
  shared.requests.push_back(
      {{"seq", shared.requests.size()},
       {"at_ms", now()},
       {"server", call.server},
       {"method", call.method},
       {"path", call.path},
       {"query", call.query},
       {"status", status},
       {"retry_after",
        headers.contains("retry-after") ? Json(headers.at("retry-after")) : Json(nullptr)},
       {"caller", call.caller},
       {"droplet", droplet == nullptr ? Json(nullptr) : Json(droplet->id)},
       {"connection", connection},
       {"tls", call.tls},
       {"body", call.body}});
}

// RFC 9110, 6.6.1.
std::string date(Millis time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(time / 1000));
}

void answer(Shared& shared, const Endpoint& endpoint, const httplib::Request& request,
            httplib::Response& response) {
  const Call call = call_of(endpoint, request);
  std::unique_lock lock(shared.mutex);
  if (call.server == "control") {
    send(dispatch(shared, call), response);
    return;
  }
  const auto fault = shared.faults.strike(call);
  const bool takes_effect = !fault || fault->after || fault->kind == "delay" ||
                            fault->kind == "truncate" || fault->kind == "cut-json";
  Reply reply = takes_effect ? dispatch(shared, call) : Reply{};
  reply.headers.emplace("Date", date(now() + shared.world.settings.clock_offset_ms));
  const bool refused = fault && fault->kind == "status";
  note(shared, call, request, fault ? fault->status : reply.status,
       refused ? fault->headers : reply.headers);
  const Millis hold = shared.world.settings.hold_ms;
  lock.unlock();
  std::this_thread::sleep_for(std::chrono::milliseconds(hold));
  if (fault) {
    spoil(*fault, reply, request, response);
  } else {
    send(reply, response);
  }
}

std::unique_ptr<httplib::Server> make_server(const Endpoint& endpoint, const Tls& tls) {
  if (endpoint.scheme == "https") {
    return std::make_unique<httplib::SSLServer>(tls.certificate.c_str(), tls.key.c_str());
  }
  return std::make_unique<httplib::Server>();
}

void prepare(httplib::Server& server, Shared& shared, const Endpoint& endpoint) {
  const auto handler = [&shared, endpoint](const httplib::Request& request,
                                           httplib::Response& response) {
    answer(shared, endpoint, request, response);
  };
  server.Get(".*", handler);
  server.Post(".*", handler);
  server.Put(".*", handler);
  server.Patch(".*", handler);
  server.Delete(".*", handler);
  server.new_task_queue = [] { return new Threads; };
  server.set_tcp_nodelay(
      true);  // Nagle's algorithm with delayed acknowledgements adds 40 ms to an answer
  server.set_keep_alive_max_count(1'000'000);
  server.set_keep_alive_timeout(idle_seconds);
}

void run(Shared& shared, const Endpoint& endpoint, const Tls& tls, std::promise<int>& port) {
  const auto server = make_server(endpoint, tls);
  try {
    enter_network(endpoint.netns);
    prepare(*server, shared, endpoint);
    int bound = endpoint.port;
    if (endpoint.port == 0) {
      bound = server->bind_to_any_port(endpoint.address.c_str());
    } else if (!server->bind_to_port(endpoint.address.c_str(), endpoint.port)) {
      bound = -1;
    }
    if (bound <= 0) {
      throw std::runtime_error(fmt::format("cannot listen on {}", endpoint.address));
    }
    port.set_value(bound);
  } catch (...) {
    port.set_exception(std::current_exception());
    return;
  }
  server->listen_after_bind();
}

}  // namespace

Millis now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void enter_network(const std::string& netns) {
  if (netns.empty()) {
    return;
  }
  const int descriptor = open(netns.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || setns(descriptor, CLONE_NEWNET) != 0) {
    throw std::runtime_error("cannot enter " + netns);
  }
  close(descriptor);
}

Endpoint parse_endpoint(const std::string& text) {
  static const std::regex shape("([a-z]+)=(https?|udp)://([0-9.]+):([0-9]+)(?:@(.+))?");
  std::smatch part;
  if (!std::regex_match(text, part, shape)) {
    throw std::invalid_argument("not ROLE=http://ADDRESS:PORT[@NETNS]: " + text);
  }
  return {part[1], part[2], part[3], part[5], std::stoi(part[4])};
}

int serve(Shared& shared, const Endpoint& endpoint, const Tls& tls) {
  auto port = std::make_shared<std::promise<int>>();
  auto bound = port->get_future();
  std::thread([&shared, endpoint, tls, port] { run(shared, endpoint, tls, *port); }).detach();
  return bound.get();
}

}  // namespace sim
