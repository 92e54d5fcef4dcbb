// SPDX-License-Identifier: Apache-2.0
#include "io/http.hpp"

#include "core/error.hpp"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace io {
namespace {

constexpr std::size_t largest_header_count = 200;
constexpr Duration connect_limit{4'000};
constexpr Duration least_limit{1};        // libcurl takes 0 for none
constexpr Duration end_of_a_change{600};  // for a change to be answered when a signal has come
constexpr Duration probe_limit{4'000};    // for one question whether a path works

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  Request request = {};
  Response response = {};
  std::unique_ptr<CURL, FreeEasy> easy = {};
  std::unique_ptr<curl_slist, FreeList> headers = {};
  std::array<char, CURL_ERROR_SIZE> detail = {};
  std::size_t given = 0;  // how much of the body was sent
  bool too_large = false;
  std::optional<CURLcode> result = {};
};

std::size_t append_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.response.body.size() + size * count > transfer.request.largest_reply) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, size * count);
  return size * count;
}

std::size_t give_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t given = transfer.request.body.copy(data, size * count, transfer.given);
  transfer.given += given;
  return given;
}

// libcurl by itself would send a request again when a connection in use breaks before the reply.
// It cannot know whether that is harmless.
int refuse_to_repeat(void*, curl_off_t, int) {
  return CURL_SEEKFUNC_FAIL;
}

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos
             ? std::string_view{}
             : text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

std::size_t read_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& headers = static_cast<Transfer*>(user)->response.headers;
  const std::string_view line(data, size * count);
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && headers.size() < largest_header_count) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    headers[name] = trimmed(line.substr(colon + 1));
  }
  return size * count;
}

// What was given up must not arrive later: without this the kernel goes on sending, for minutes
// where the path is cut, after the process and its Lease are gone (socket(7), SO_LINGER).
bool drop_unsent_when_closed(curl_socket_t socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  return setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0;
}

int prepare_socket(void* user, curl_socket_t socket, curlsocktype) {
  const Request& request = static_cast<const Transfer*>(user)->request;
  const bool has_effects =
      request.server == Server::digitalocean || request.server == Server::kubernetes;
  const int device = request.source ? static_cast<int>(request.source->device) : 0;
  const bool prepared = (device == 0 || setsockopt(socket, SOL_SOCKET, SO_BINDTOIFINDEX, &device,
                                                   sizeof device) == 0) &&
                        (!has_effects || drop_unsent_when_closed(socket)) &&
                        (request.mark == 0 || setsockopt(socket, SOL_SOCKET, SO_MARK, &request.mark,
                                                         sizeof request.mark) == 0);
  return prepared ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

// What was answered has nothing unsent, and may end in order.
int close_connection(void* all_answered, curl_socket_t socket) {
  if (*static_cast<const bool*>(all_answered)) {
    const linger in_order{};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &in_order, sizeof in_order);
  }
  return close(socket);
}

void set_protocol(CURL* easy, const Request& request) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // What is to be reached is reached over IPv4, or nothing would be said about that; but a cluster
  // may have its API at an IPv6 address.
  const bool any = request.server == Server::kubernetes;
  curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                   static_cast<long>(any ? CURL_IPRESOLVE_WHATEVER : CURL_IPRESOLVE_V4));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a resolver that is silent is not waited for
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "do-egress-ip/" DO_EGRESS_IP_VERSION);
  if (!request.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  }
  if (request.direct || request.server == Server::metadata || request.server == Server::verify) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");  // a proxy's own address would be seen
  }
  if (request.fresh) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  }
  if (request.source) {
    curl_easy_setopt(easy, CURLOPT_INTERFACE,
                     ("host!" + request.source->address.to_string()).c_str());
  }
}

void set_message(Transfer& transfer) {
  CURL* easy = transfer.easy.get();
  const Request& request = transfer.request;
  for (const std::string& header : request.headers) {
    transfer.headers.reset(curl_slist_append(transfer.headers.release(), header.c_str()));
  }
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_to_repeat);
    // Without a body there is nothing to refuse; but it repeats on used connections only.
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request.body.empty() ? 1L : 0L);
  }
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, read_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &transfer);
  if (request.connect_only) {
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  }
}

class Curl : public Http {
 public:
  Curl(Clock& clock, const Log& log, Duration limit) : clock_(clock), log_(log), limit_(limit) {}

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
    if (!multi_) {  // it starts all of OpenSSL, which a run without requests need not wait for
      multi_.reset(curl_multi_init());
    }
    auto transfer = std::make_unique<Transfer>();
    transfer->request = request;
    transfer->easy.reset(curl_easy_init());
    CURL* easy = transfer->easy.get();
    set_protocol(easy, transfer->request);
    set_message(*transfer);
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
    std::optional<Duration> end;  // of a change that is still to be answered
    while (!transfer.result) {
      if (!is_change) {
        clock_.check();
      } else if (!end && has_come(clock_.wake_descriptor())) {
        end = clock_.elapsed() + end_of_a_change;
      }
      if (end && clock_.elapsed() >= *end) {
        cancel(ticket);
        clock_.check();
        throw core::Error(core::Exit::terminated, "ended by a signal");
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

  void renew() override {
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

  static bool has_come(int wake) {
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
      throw core::Error(core::Exit::software, "{} {}: the reply is larger than {} KiB",
                        request.method, request.url, request.largest_reply >> 10U);
    }
    if (*transfer->result != CURLE_OK) {
      const char* detail = transfer->detail[0] != '\0' ? transfer->detail.data()
                                                       : curl_easy_strerror(*transfer->result);
      log_.write(Level::debug, "{} {}: {}", request.method, request.url, detail);
      throw core::Error(core::Exit::unavailable, "{} {}: {}", request.method, request.url, detail);
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
  bool all_answered_ = false;  // whatever connection is closed is idle
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

std::unique_ptr<Http> open_http(Clock& clock, const Log& log, Duration limit) {
  return std::make_unique<Curl>(clock, log, limit);
}

}  // namespace io
