// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

struct mnl_socket;
struct nlmsghdr;

namespace io {

struct NetlinkReply;

// One netlink socket (netlink(7)). Its errors quote the kernel's own reason (extended ACK).
class Netlink {
 public:
  enum class Family { route, netfilter };
  using OnMessage = std::function<void(const nlmsghdr&)>;

  // Throws Error(os_error) if the kernel provides no socket.
  explicit Netlink(Family family);

  // An empty message of `type` with `flags`. The caller fills it and passes it to exchange().
  nlmsghdr* message(std::uint16_t type, std::uint16_t flags);

  int descriptor() const;

  // The next sequence number, for a message that the caller builds.
  std::uint32_t next() { return ++sequence_; }

  // Sends `request` and hands each reply to `on_message`, until the acknowledgement or the end of
  // the dump. Returns false if a concurrent change tore the dump (NLM_F_DUMP_INTR) or a reply was
  // lost (ENOBUFS); the caller repeats it then. Throws Error(no_permission) on EPERM, and
  // Error(os_error) on any other refusal.
  bool exchange(nlmsghdr* request, std::string_view doing, const OnMessage& on_message);

  // Sends a change. Throws like exchange(), and Error(try_again) if the answer was lost; the caller
  // then checks whether the change was made.
  void change(nlmsghdr* request, std::string_view doing);

  // Sends several messages at once. All have the sequence number of the first, and one asks for an
  // acknowledgement. Throws like change(), with the first refusal.
  void transact(std::span<const char> messages, std::string_view doing);

 private:
  void open();
  void send(std::span<const char> messages, std::string_view doing);
  int receive(std::uint32_t sequence, NetlinkReply& reply);
  bool talk(std::span<const char> messages, std::string_view doing, const OnMessage& on_message);

  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  Family family_;
  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
  alignas(8) std::array<char, 8192> request_ = {};
  alignas(8) std::array<char, 32768> reply_ = {};
};

}  // namespace io
