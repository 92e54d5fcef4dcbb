// SPDX-License-Identifier: Apache-2.0
#include "io/guard.hpp"

#include "core/error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace io {
namespace {

constexpr char confirm_word = 'c';
constexpr char confirmed_word = 'k';
constexpr char undoing_word = 'b';  // then `undone_word`
constexpr char undone_word = 'u';
constexpr char has_ended = '\0';
constexpr char no_answer = '?';
constexpr Duration answer_limit{2'000};

core::Error guard_error(std::string_view doing) {
  return core::Error(core::Exit::os_error, "cannot {}: {}", doing, std::strerror(errno));
}

// Waits until the other end sent a word or died. False after `patience`.
bool wait_for(int socket, Duration patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<Duration>(end - std::chrono::steady_clock::now());
    pollfd one{.fd = socket, .events = POLLIN, .revents = 0};
    const int count = poll(&one, 1, static_cast<int>(std::max<Duration::rep>(left.count(), 0)));
    if (count > 0) {
      return true;
    }
    if (count == 0 || errno != EINTR) {
      return false;
    }
  }
}

// Receives one word, or `has_ended`. A reset says that the other end left a word unread; what it
// said before comes after.
char receive_word(int socket) {
  char word = has_ended;
  ssize_t count = -1;
  do {
    count = recv(socket, &word, 1, 0);
  } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  return count == 1 ? word : has_ended;
}

bool send_word(int socket, char word) {
  ssize_t count = -1;
  do {
    count = send(socket, &word, 1, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return count == 1;
}

constexpr int guards_socket = 3;
constexpr int guards_lock = 4;

// Closes all inherited descriptors but two: a reader of our output, or a peer of our connections,
// would otherwise wait until the guard ends.
void keep_only(int socket, int lock) {
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    dup2(null, standard);
  }
  constexpr int out_of_the_way = 20;
  const int kept_lock = lock < 0 ? -1 : fcntl(lock, F_DUPFD, out_of_the_way);
  const int kept_socket = fcntl(socket, F_DUPFD, out_of_the_way);
  dup2(kept_socket, guards_socket);
  if (kept_lock >= 0) {
    dup2(kept_lock, guards_lock);
  }
  close_range(kept_lock >= 0 ? guards_lock + 1 : guards_lock, ~0U, 0);
}

// Runs in the guard's process.
[[noreturn]] void guard(int socket, int lock, const std::function<void(Kernel&)>& undo,
                        Duration patience) {
  setsid();  // survives the end of the terminal's session
  keep_only(socket, lock);
  const bool in_time = wait_for(guards_socket, patience);
  if (in_time && receive_word(guards_socket) == confirm_word) {
    send_word(guards_socket, confirmed_word);
    _exit(0);
  }
  send_word(guards_socket, undoing_word);
  // No caller is left to report a failure to. The next run finds what is left, and repairs it.
  constexpr int most_tries = 10;
  constexpr unsigned pause_us = 100'000;
  for (int tries = 1; tries <= most_tries; ++tries) {
    if (!core::catch_error([&] { undo(*open_kernel()); })) {
      break;
    }
    usleep(pause_us);
  }
  send_word(guards_socket, undone_word);
  _exit(0);
}

class Process : public Guard {
 public:
  Process(int socket, pid_t child) : socket_(socket), child_(child) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() override {
    shutdown(socket_, SHUT_WR);
    // It answers last of all. Until it has ended it holds the lock.
    char word = no_answer;
    do {
      word = next_word(answer_limit);
    } while (word != has_ended && word != no_answer);
    close(socket_);
    waitpid(child_, nullptr, word == has_ended ? 0 : WNOHANG);
  }

  // A guard that did not hear, or does not answer, must not undo the switch later.
  End confirm() override {
    const bool said = send_word(socket_, confirm_word);
    const char answer = said ? next_word(answer_limit) : no_answer;
    if (answer != no_answer) {
      return meaning_of(answer);
    }
    kill(child_, SIGKILL);
    return meaning_of(next_word(Duration{0}));
  }

 private:
  char next_word(Duration patience) const {
    return wait_for(socket_, patience) ? receive_word(socket_) : no_answer;
  }

  // It says that it undoes before it does. So one that was killed and did not say so will not,
  // although it may stay in the kernel for a while before it ends.
  static End meaning_of(char word) {
    return word == confirmed_word                        ? End::confirmed
           : word == undoing_word || word == undone_word ? End::undone
                                                         : End::missing;
  }

  int socket_;
  pid_t child_;
};

class SystemGuards : public Guards {
 public:
  std::unique_ptr<Guard> open(std::function<void(Kernel&)> undo, Duration patience,
                              const Lock* lock) override {
    std::array<int, 2> ends = {};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw guard_error("connect with a guard");
    }
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      guard(ends[1], lock == nullptr ? -1 : lock->descriptor(), undo, patience);
    }
    close(ends[1]);
    if (child < 0) {
      close(ends[0]);
      throw guard_error("start a guard");
    }
    return std::make_unique<Process>(ends[0], child);
  }
};

}  // namespace

std::unique_ptr<Guards> open_guards() {
  return std::make_unique<SystemGuards>();
}

}  // namespace io
