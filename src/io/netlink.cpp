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
namespace {

struct Reply {
  const Netlink::OnMessage* on_message = nullptr;
  std::string reason = {};  // the kernel's extended ACK
};

core::Error refusal(int code, std::string_view doing, const std::string& reason) {
  const bool rights = code == EPERM || code == EACCES;
  const std::string cause = reason.empty() ? std::strerror(code) : reason;
  const core::Error error(rights ? core::Exit::no_permission : core::Exit::os_error, "{}: {}",
                          doing, cause);
  return rights ? error.with_hint("run as root, or with the capability NET_ADMIN") : error;
}

int on_data(const nlmsghdr* message, void* user) {
  (*static_cast<Reply*>(user)->on_message)(*message);
  return MNL_CB_OK;
}

int on_attribute(const nlattr* attribute, void* user) {
  if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
      mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
    static_cast<Reply*>(user)->reason = mnl_attr_get_str(attribute);
  }
  return MNL_CB_OK;
}

// The acknowledgement: an errno, then, with NETLINK_CAP_ACK, at once the extended ACK's attributes.
int on_acknowledgement(const nlmsghdr* message, void* user) {
  const auto* result = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
    mnl_attr_parse(message, sizeof *result, on_attribute, user);
  }
  errno = -result->error;
  return result->error == 0 ? MNL_CB_STOP : MNL_CB_ERROR;
}

}  // namespace

void Netlink::Close::operator()(mnl_socket* socket) const {
  mnl_socket_close(socket);
}

Netlink::Netlink(Family family) : family_(family) {
  open();
}

void Netlink::open() {
  const int bus = family_ == Family::route ? NETLINK_ROUTE : NETLINK_NETFILTER;
  socket_.reset(mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    throw refusal(errno, "open a netlink socket", {});
  }
  int on = 1;
  mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket_.get(), NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

nlmsghdr* Netlink::message(std::uint16_t type, std::uint16_t flags) {
  request_.fill(0);
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
  talk(messages, doing, [](const nlmsghdr&) {});
}

bool Netlink::talk(std::span<const char> messages, std::string_view doing,
                   const OnMessage& on_message) {
  const auto sequence = reinterpret_cast<const nlmsghdr*>(messages.data())->nlmsg_seq;
  if (mnl_socket_sendto(socket_.get(), messages.data(), messages.size()) < 0) {
    throw refusal(errno, doing, {});
  }
  Reply reply{.on_message = &on_message};
  std::array<mnl_cb_t, NLMSG_ERROR + 1> control = {};
  control.at(NLMSG_ERROR) = on_acknowledgement;
  int status = MNL_CB_OK;
  while (status > MNL_CB_STOP) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), reply_.data(), reply_.size());
    if (size < 0) {
      throw refusal(errno, doing, {});
    }
    status = mnl_cb_run2(reply_.data(), static_cast<std::size_t>(size), sequence,
                         mnl_socket_get_portid(socket_.get()), on_data, &reply, control.data(),
                         control.size());
  }
  if (status < 0) {
    const int code = errno;
    open();  // what else comes to this would be taken for the next one's
    if (code != EINTR) {
      throw refusal(code, doing, reply.reason);
    }
    return false;
  }
  return true;
}

}  // namespace io
