// SPDX-License-Identifier: Apache-2.0
#include "io/guard.hpp"

#include "core/error.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace io {
namespace {

// Of unix(7)'s abstract sockets: one for each network namespace, gone with the last process that
// holds it, and no file anywhere.
constexpr std::string_view name = "do-egress-ip/guard";

constexpr Duration interval{50};
constexpr Duration patience{10'000};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int number() const { return number_; }
  void reset() {
    if (number_ >= 0) {
      close(number_);
    }
    number_ = -1;
  }

 private:
  int number_;
};

core::Error failure(std::string_view doing) {
  return core::Error(core::Exit::os_error, "{}: {}", doing, std::strerror(errno));
}

// Whether the name is ours now; another process may have it.
bool claim(const Descriptor& socket) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::ranges::copy(name, address.sun_path + 1);
  const auto length = offsetof(sockaddr_un, sun_path) + 1 + name.size();
  if (bind(socket.number(), reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(length)) == 0) {
    return true;
  }
  if (errno != EADDRINUSE) {
    throw failure("take the name of the guard");
  }
  return false;
}

constexpr int guards_pipe = 3;
constexpr int guards_socket = 4;

// Whoever reads our output must not wait for the guard.
void keep_only(int pipe, int socket) {
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    dup2(null, standard);
  }
  const int kept = dup(socket);  // not to be overwritten by the next line
  dup2(pipe, guards_pipe);
  dup2(kept, guards_socket);
  close_range(guards_socket + 1, ~0U, 0);
}

// The life of the process that guards. A byte says that there is nothing to undo; the end of the
// file, that whoever would say so is dead.
[[noreturn]] void guard(int pipe, int socket, const std::function<void(Kernel&)>& undo) {
  setsid();  // a terminal that goes away takes its session with it
  keep_only(pipe, socket);
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(guards_pipe, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count == 0) {
    // Nobody is left to be told of a failure; the next run repairs.
    static_cast<void>(core::any_failure_of([&] { undo(*open_kernel()); }));
  }
  _exit(0);
}

class Process : public Guard {
 public:
  Process(int pipe, pid_t child) : pipe_(pipe), child_(child) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() override {
    const char byte = 0;
    static_cast<void>(!write(pipe_.number(), &byte, 1));
    pipe_.reset();
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  Descriptor pipe_;
  pid_t child_;
};

class SystemGuards : public Guards {
 public:
  explicit SystemGuards(Clock& clock) : clock_(clock) {}

  void wait() override { const Descriptor socket = named(); }

  std::unique_ptr<Guard> open(std::function<void(Kernel&)> undo) override {
    const Descriptor socket = named();
    std::array<int, 2> ends = {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw failure("make the guard's pipe");
    }
    const Descriptor reading(ends[0]);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[1]);
      guard(reading.number(), socket.number(), undo);
    }
    if (child < 0) {
      close(ends[1]);
      throw failure("start the guard");
    }
    return std::make_unique<Process>(ends[1], child);
  }

 private:
  Descriptor named() {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (Duration waited{0}; !claim(socket); waited += interval) {
      if (waited >= patience) {
        throw core::Error(core::Exit::try_again,
                          "another run is switching the route, and has not ended in {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(patience).count());
      }
      clock_.sleep(interval);
    }
    return socket;
  }

  Clock& clock_;
};

}  // namespace

std::unique_ptr<Guards> open_guards(Clock& clock) {
  return std::make_unique<SystemGuards>(clock);
}

}  // namespace io
