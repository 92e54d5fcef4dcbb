// SPDX-License-Identifier: Apache-2.0
#include "io/netlink.hpp"

#include "core/error.hpp"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace io {

// What libmnl's callbacks work on.
struct NetlinkReply {
  const Netlink::OnMessage& on_message;
  std::string reason = {};  // the kernel's words in an extended ACK
};

namespace {

constexpr int most_tries = 5;  // of a system call after a signal or a full buffer

core::Error refusal_error(int code, std::string_view doing, const std::string& reason) {
  const bool rights = code == EPERM || code == EACCES;
  const std::string cause = reason.empty() ? std::strerror(code) : reason;
  const core::Error error(rights ? core::Exit::no_permission : core::Exit::os_error,
                          "cannot {}: {}", doing, cause);
  return rights ? error.with_hint("run as root, or with the capability NET_ADMIN") : error;
}

core::Error lost_answer_error(std::string_view doing) {
  return core::Error(core::Exit::try_again, "cannot {}: the kernel's reply was lost", doing);
}

int on_data(const nlmsghdr* message, void* user) {
  static_cast<NetlinkReply*>(user)->on_message(*message);
  return MNL_CB_OK;
}

int on_attribute(const nlattr* attribute, void* user) {
  if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
      mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
    static_cast<NetlinkReply*>(user)->reason = mnl_attr_get_str(attribute);
  }
  return MNL_CB_OK;
}

// Reads an acknowledgement: an errno and, since NETLINK_CAP_ACK cuts the request, the extended
// ACK's attributes right after it.
int on_acknowledgement(const nlmsghdr* message, void* user) {
  const auto* result = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
    mnl_attr_parse(message, sizeof *result, on_attribute, user);
  }
  // The kernel's word for a route or a rule `prohibit`. Missing rights are EPERM.
  errno = result->error == -EACCES ? EHOSTUNREACH : -result->error;
  return result->error == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
}

}  // namespace

void Netlink::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

Netlink::Netlink(Family family) : family_(family) {
  open();
}

// Closes the old socket only after a new one is open: without any socket nothing could be undone.
void Netlink::open() {
  const int bus = family_ == Family::route ? NETLINK_ROUTE : NETLINK_NETFILTER;
  std::unique_ptr<mnl_socket, Close> socket(mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    throw refusal_error(errno, "open a netlink socket", {});
  }
  int on = 1;
  mnl_socket_setsockopt(socket.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket.get(), NETLINK_GET_STRICT_CHK, &on, sizeof on);
  socket_ = std::move(socket);
}

int Netlink::descriptor() const {
  return mnl_socket_get_fd(socket_.get());
}

nlmsghdr* Netlink::message(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* message = mnl_nlmsg_put_header(request_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  message->nlmsg_seq = ++sequence_;
  return message;
}

bool Netlink::exchange(nlmsghdr* request, std::string_view doing, const OnMessage& on_message) {
  return talk({reinterpret_cast<const char*>(request), request->nlmsg_len}, doing, on_message);
}

void Netlink::transact(std::span<const char> messages, std::string_view doing) {
  if (!talk(messages, doing, [](const nlmsghdr&) {})) {
    throw lost_answer_error(doing);
  }
}

void Netlink::change(nlmsghdr* request, std::string_view doing) {
  transact({reinterpret_cast<const char*>(request), request->nlmsg_len}, doing);
}

// After EINTR or ENOBUFS nothing was sent, so a repeat is safe.
void Netlink::send(std::span<const char> messages, std::string_view doing) {
  for (int tries = 1; mnl_socket_sendto(socket_.get(), messages.data(), messages.size()) < 0;
       ++tries) {
    const bool disturbed = errno == EINTR || errno == ENOBUFS || errno == EAGAIN;
    if (!disturbed || tries == most_tries) {
      throw refusal_error(errno, doing, {});
    }
  }
}

// Receives one datagram. Returns libmnl's status; errno is set if it is negative.
int Netlink::receive(std::uint32_t sequence, NetlinkReply& reply) {
  std::array<mnl_cb_t, NLMSG_ERROR + 1> control = {};
  control.at(NLMSG_ERROR) = on_acknowledgement;
  ssize_t size = -1;
  for (int tries = 1; tries <= most_tries && size < 0; ++tries) {
    size = mnl_socket_recvfrom(socket_.get(), reply_.data(), reply_.size());
    if (size < 0 && errno != EINTR) {
      return MNL_CB_ERROR;
    }
  }
  if (size < 0) {
    return MNL_CB_ERROR;
  }
  const int status = mnl_cb_run2(reply_.data(), static_cast<std::size_t>(size), sequence,
                                 mnl_socket_get_portid(socket_.get()), on_data, &reply,
                                 control.data(), control.size());
  const bool of_an_earlier_request = status < 0 && errno == EPROTO;
  return of_an_earlier_request ? MNL_CB_OK : status;
}

bool Netlink::talk(std::span<const char> messages, std::string_view doing,
                   const OnMessage& on_message) {
  const auto sequence = reinterpret_cast<const nlmsghdr*>(messages.data())->nlmsg_seq;
  send(messages, doing);
  NetlinkReply reply{.on_message = on_message};
  int status = MNL_CB_OK;
  while (status > MNL_CB_STOP) {
    status = receive(sequence, reply);
  }
  if (status == MNL_CB_STOP) {
    return true;
  }
  const int code = errno;
  // A late message on this socket would pass as the next answer, so a new socket replaces it. If
  // none can be opened the old one stays: receive() skips older messages.
  static_cast<void>(core::catch_error([&] { open(); }));
  if (code == EINTR || code == ENOBUFS) {
    return false;
  }
  throw refusal_error(code, doing, reply.reason);
}

}  // namespace io
