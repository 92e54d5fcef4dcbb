// SPDX-License-Identifier: Apache-2.0
// Preloaded into single runs: netlink as it is when the kernel refuses. The variables count from 1.
//   REFUSE_CHANGE=N   the Nth change of routes, rules or nf_tables is refused, and from then on
//   REFUSE_SOCKET=E   so is every new netlink socket, with that errno
//   REFUSE_ANSWER=N   reading the Nth answer fails, once, with the errno
//   REFUSE_WITH=E     EINTR, or ENOBUFS, with which the answer itself is gone
#include <dlfcn.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::atomic<int> changes = 0;
std::atomic<int> answers = 0;
std::atomic<bool> refused = false;

int number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool is_netlink(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family == AF_NETLINK;
}

bool is_change(int type) {
  return type == NFNL_MSG_BATCH_BEGIN || type == RTM_NEWROUTE || type == RTM_DELROUTE ||
         type == RTM_NEWRULE || type == RTM_DELRULE;
}

// Replaces a refused change by a message that the kernel does not know.
std::string spoiled(const void* data, std::size_t size) {
  std::string text(static_cast<const char*>(data), size);
  const std::uint16_t unknown = RTM_MAX + 8;
  std::memcpy(text.data() + offsetof(nlmsghdr, nlmsg_type), &unknown, sizeof unknown);
  return text;
}

}  // namespace

extern "C" int socket(int domain, int type, int protocol) {
  if (domain == AF_NETLINK && refused && number("REFUSE_SOCKET") != 0) {
    errno = number("REFUSE_SOCKET");
    return -1;
  }
  return next<int (*)(int, int, int)>("socket")(domain, type, protocol);
}

extern "C" ssize_t sendto(int descriptor, const void* data, std::size_t size, int flags,
                          const sockaddr* to, socklen_t length) {
  const auto real =
      next<ssize_t (*)(int, const void*, std::size_t, int, const sockaddr*, socklen_t)>("sendto");
  if (size >= sizeof(nlmsghdr) && is_netlink(descriptor)) {
    nlmsghdr header{};
    std::memcpy(&header, data, sizeof header);
    if (is_change(header.nlmsg_type) && ++changes == number("REFUSE_CHANGE")) {
      refused = true;
      const std::string text = spoiled(data, size);
      return real(descriptor, text.data(), text.size(), flags, to, length);
    }
  }
  return real(descriptor, data, size, flags, to, length);
}

extern "C" ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
  const auto real = next<ssize_t (*)(int, msghdr*, int)>("recvmsg");
  if (number("REFUSE_ANSWER") != 0 && is_netlink(descriptor) &&
      ++answers == number("REFUSE_ANSWER")) {
    const int error = number("REFUSE_WITH");
    if (error == ENOBUFS) {
      static_cast<void>(!real(descriptor, message, flags));
    }
    errno = error;
    return -1;
  }
  return real(descriptor, message, flags);
}
