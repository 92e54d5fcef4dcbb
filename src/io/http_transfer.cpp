// SPDX-License-Identifier: Apache-2.0
#include "io/http_transfer.hpp"

#include "core/text.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

namespace io {
namespace {

static_assert(std::tuple_size_v<decltype(Transfer::detail)> >= CURL_ERROR_SIZE);

constexpr std::size_t largest_header_count = 200;

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

// libcurl repeats a request whose connection breaks before the reply. Only the caller knows whether
// a repeat is harmless, so it is refused here.
int refuse_to_repeat(void*, curl_off_t, int) {
  return CURL_SEEKFUNC_FAIL;
}

std::size_t read_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& headers = static_cast<Transfer*>(user)->response.headers;
  const std::string_view line(data, size * count);
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && headers.size() < largest_header_count) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    headers[name] = core::trim(line.substr(colon + 1));
  }
  return size * count;
}

// An abandoned request must not arrive later. By default the kernel keeps sending, for minutes on a
// broken path, after the process and its Lease are gone (socket(7), SO_LINGER).
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

// Of several addresses libcurl then tries the next one.
curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* peer) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (peer->family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &peer->addr, sizeof address);
    core::Ipv4 to;
    std::memcpy(to.octets.data(), &address.sin_addr, sizeof address.sin_addr);
    if ((*transfer.is_barred)(to)) {
      transfer.barred = to;
      return CURL_SOCKET_BAD;
    }
  }
  return socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
}

void set_protocol(CURL* easy, const Request& request) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // All paths under test are IPv4, so IPv6 would prove nothing. Only the cluster's API may have an
  // IPv6 address.
  const bool any = request.server == Server::kubernetes;
  curl_easy_setopt(easy, CURLOPT_IPRESOLVE,
                   static_cast<long>(any ? CURL_IPRESOLVE_WHATEVER : CURL_IPRESOLVE_V4));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // never wait for a silent resolver
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "do-egress-ip/" DO_EGRESS_IP_VERSION);
  if (!request.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  }
  if (request.direct || request.server == Server::metadata || request.server == Server::verify) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");  // a proxy's own address would be seen
  }
  if (request.source) {
    // A connection of another source proves nothing; of "host!" libcurl 8.14 takes no notice when
    // it looks for one that is open. And nobody else is to find this one.
    curl_easy_setopt(easy, CURLOPT_INTERFACE,
                     ("host!" + request.source->address.to_string()).c_str());
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  // A request without a body never reaches refuse_to_repeat(), but libcurl repeats on used
  // connections only.
  const bool may_be_repeated = request.method != "GET" && request.body.empty();
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                   request.fresh || request.source || may_be_repeated ? 1L : 0L);
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
  }
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, read_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &transfer);
  const bool is_api =
      request.server == Server::digitalocean || request.server == Server::kubernetes;
  if (is_api && transfer.is_barred != nullptr && *transfer.is_barred) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  }
  if (request.connect_only) {
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  }
}

}  // namespace

void FreeEasy::operator()(void* easy) const {
  curl_easy_cleanup(easy);
}

void FreeList::operator()(curl_slist* list) const {
  curl_slist_free_all(list);
}

void set_options(Transfer& transfer) {
  set_protocol(transfer.easy.get(), transfer.request);
  set_message(transfer);
}

}  // namespace io
