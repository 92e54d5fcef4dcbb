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

// One netlink socket (netlink(7)), with the kernel's own words for a refusal (extended ACK).
class Netlink {
 public:
  enum class Family { route, netfilter };
  using OnMessage = std::function<void(const nlmsghdr&)>;

  // Throws Error(os_error) where the kernel gives no socket.
  explicit Netlink(Family family);

  // A fresh message of `type` with `flags`, to be filled and given to exchange().
  nlmsghdr* message(std::uint16_t type, std::uint16_t flags);

  int descriptor() const;

  // The sequence number of the next message, for one that is made elsewhere.
  std::uint32_t next() { return ++sequence_; }

  // Sends `request` and hands each reply to `on_message`, until the acknowledgement or the end of
  // the dump. False when a dump was torn by a change meanwhile (NLM_F_DUMP_INTR), or a reply was
  // lost (ENOBUFS): ask again. Throws Error(no_permission) on EPERM and Error(os_error) on any
  // other refusal.
  bool exchange(nlmsghdr* request, std::string_view doing, const OnMessage& on_message);

  // Sends a request for a change. Throws like exchange(), and Error(try_again) when the answer was
  // lost: whether it took place is then for the caller to see.
  void change(nlmsghdr* request, std::string_view doing);

  // Sends messages at once, one of them to be acknowledged, all of them with the sequence number
  // of the first. Throws like change(), the first refusal of any.
  void transact(std::span<const char> messages, std::string_view doing);

 private:
  struct Reply;
  void open();
  void send(std::span<const char> messages, std::string_view doing);
  int receive(std::uint32_t sequence, Reply& reply);
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
