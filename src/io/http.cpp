// SPDX-License-Identifier: Apache-2.0
#include "io/http.hpp"

#include "core/error.hpp"
#include "io/http_transfer.hpp"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace io {
namespace {

constexpr Duration connect_limit{4'000};
constexpr Duration least_limit{1};        // libcurl reads 0 as no limit
constexpr Duration end_of_a_change{600};  // to wait for the reply to a change after a signal
constexpr Duration probe_limit{4'000};    // of one request that tests a path

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// An answered connection has no unsent data, so it may close in order.
int close_connection(void* all_answered, curl_socket_t socket) {
  if (*static_cast<const bool*>(all_answered)) {
    const linger in_order{};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &in_order, sizeof in_order);
  }
  return close(socket);
}

core::Error barred_error(const std::string& url, core::Ipv4 address) {
  const std::string text = address.to_string();
  return core::Error(core::Exit::config,
                     "cannot use {}: its address {} is within --destination, and unreachable while "
                     "the egress IP is not proven",
                     url, text)
      .with_hint(
          fmt::format("add --direct {}/32, or a network with all addresses of that server", text));
}

class Curl : public Http {
 public:
  Curl(Clock& clock, const Log& log, Duration limit, IsBarred is_barred)
      : clock_(clock), log_(log), limit_(limit), is_barred_(std::move(is_barred)) {}

  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() override {
    for (auto& [ticket, transfer] : transfers_) {
      curl_multi_remove_handle(multi_.get(), transfer->easy.get());
    }
    all_answered_ = true;
    multi_.reset();
  }

  Ticket start(const Request& request) override {
    if (!multi_) {  // this starts OpenSSL, which costs a run without requests too much time
      multi_.reset(curl_multi_init());
    }
    auto transfer = std::make_unique<Transfer>();
    transfer->request = request;
    transfer->is_barred = &is_barred_;
    transfer->easy.reset(curl_easy_init());
    CURL* easy = transfer->easy.get();
    set_options(*transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_connection);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &all_answered_);
    const Duration most = request.fresh ? std::min(limit_, probe_limit) : limit_;
    const Duration limit = std::min(most, time_left());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(limit, connect_limit).count()));
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
    curl_multi_add_handle(multi_.get(), easy);
    if (!request.connect_only) {
      ++counts_.at(static_cast<std::size_t>(request.server));
    }
    transfers_.emplace(++last_ticket_, std::move(transfer));
    advance();
    return last_ticket_;
  }

  Response wait(Ticket ticket) override {
    const Transfer& transfer = *transfers_.at(ticket);
    const bool is_change = transfer.request.method != "GET";
    std::optional<Duration> end;  // of the wait for the reply to a change
    while (!transfer.result) {
      if (!is_change) {
        clock_.check();
      } else if (!end && is_signal_pending(clock_.wake_descriptor())) {
        end = clock_.elapsed() + end_of_a_change;
      }
      if (end && clock_.elapsed() >= *end) {
        cancel(ticket);
        clock_.check();
        throw core::Error(core::Exit::terminated, "cannot finish: ended by a signal");
      }
      poll_once(end ? *end - clock_.elapsed() : Duration{1'000}, !end);
      advance();
    }
    return finish(ticket);
  }

  void cancel(Ticket ticket) override {
    const auto found = transfers_.find(ticket);
    if (found != transfers_.end()) {
      curl_multi_remove_handle(multi_.get(), found->second->easy.get());
      transfers_.erase(found);
    }
  }

  void drop_idle_connections() override {
    if (transfers_.empty()) {
      all_answered_ = true;
      multi_.reset(curl_multi_init());
      all_answered_ = false;
    }
  }

  RequestCounts counts() const override { return counts_; }
  ReplyCounts replies() const override { return replies_; }

 private:
  Duration time_left() const {
    const Duration left = clock_.remaining();
    const Duration overtime = clock_.elapsed() - clock_.deadline();
    return std::max(left > Duration{0} ? left : last_words - overtime, least_limit);
  }

  static bool is_signal_pending(int wake) {
    pollfd one{.fd = wake, .events = POLLIN, .revents = 0};
    return wake >= 0 && poll(&one, 1, 0) > 0;
  }

  void poll_once(Duration most, bool for_signals) {
    curl_waitfd wake{.fd = clock_.wake_descriptor(), .events = CURL_WAIT_POLLIN, .revents = 0};
    curl_multi_poll(multi_.get(), &wake, for_signals && wake.fd >= 0 ? 1 : 0,
                    static_cast<int>(std::max(most, least_limit).count()), nullptr);
  }

  void advance() {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        Transfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        transfer->result = message->data.result;
      }
    }
  }

  Response finish(Ticket ticket) {
    const auto found = transfers_.find(ticket);
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers_.erase(found);
    CURL* easy = transfer->easy.get();
    curl_multi_remove_handle(multi_.get(), easy);
    const Request& request = transfer->request;
    double seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &transfer->response.status);
    if (transfer->too_large) {
      throw core::Error(core::Exit::software, "cannot read {}: the reply is larger than {} KiB",
                        request.url, request.largest_reply >> 10U);
    }
    if (*transfer->result != CURLE_OK && transfer->barred) {
      throw barred_error(request.url, *transfer->barred);
    }
    if (*transfer->result != CURLE_OK) {
      const char* detail = transfer->detail[0] != '\0'
                               ? transfer->detail.data()
                               : curl_easy_strerror(static_cast<CURLcode>(*transfer->result));
      log_.write(Level::debug, "{} {}: {}", request.method, request.url, detail);
      throw core::Error(core::Exit::unavailable, "cannot reach {}: {}", request.url, detail);
    }
    if (request.connect_only) {
      log_.write(Level::debug, "connected to {} in {:.0f} ms", request.url, seconds * 1000);
    } else {
      log_.write(Level::debug, "{} {}: {} in {:.0f} ms", request.method, request.url,
                 transfer->response.status, seconds * 1000);
      ++replies_[{request.server, transfer->response.status}];
    }
    return std::move(transfer->response);
  }

  Clock& clock_;
  const Log& log_;
  Duration limit_;
  IsBarred is_barred_;
  bool all_answered_ = false;  // only idle connections are closed from now on
  std::unique_ptr<CURLM, FreeMulti> multi_ = {};
  std::map<Ticket, std::unique_ptr<Transfer>> transfers_ = {};
  Ticket last_ticket_ = 0;
  RequestCounts counts_ = {};
  ReplyCounts replies_ = {};
};

}  // namespace

std::string Response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

std::unique_ptr<Http> open_http(Clock& clock, const Log& log, IsBarred is_barred, Duration limit) {
  return std::make_unique<Curl>(clock, log, limit, std::move(is_barred));
}

}  // namespace io
