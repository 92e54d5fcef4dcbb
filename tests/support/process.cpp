// SPDX-License-Identifier: Apache-2.0
#include "support/process.hpp"

#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

constexpr std::chrono::minutes longest_run{5};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) {
    result.push_back(word.data());
  }
  result.push_back(nullptr);
  return result;
}

// Replaces the child process by the program.
[[noreturn]] void execute(const Command& command) {
  std::vector<std::string> words = command.words;
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment) {
    variables.push_back(name + "=" + value);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execvpe(words[0].c_str(), pointers(words).data(), pointers(variables).data());
  _exit(127);
}

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads available output; false at its end.
bool drain(int descriptor, std::string& text) {
  std::array<char, 65536> chunk{};
  const ssize_t size = read(descriptor, chunk.data(), chunk.size());
  if (size > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return size > 0;
}

// The type of a netlink message in a traced sendto() call; 0 for any other call.
int netlink_type(pid_t pid, const __ptrace_syscall_info& info) {
  constexpr std::uint64_t small = 64;  // our messages have at least two headers
  if (info.entry.nr != SYS_sendto || info.entry.args[2] < sizeof(nlmsghdr) + small / 8) {
    return 0;
  }
  errno = 0;
  const auto address = info.entry.args[1] + offsetof(nlmsghdr, nlmsg_type);
  const long word = ptrace(PTRACE_PEEKDATA, pid, address, nullptr);
  return errno == 0 ? static_cast<int>(word & 0xffff) : 0;
}

bool is_change(int type) {
  constexpr int batch = NFNL_MSG_BATCH_BEGIN;  // changes of nf_tables are batches
  return type == batch || type == RTM_NEWROUTE || type == RTM_DELROUTE || type == RTM_NEWRULE ||
         type == RTM_DELRULE;
}

void kill_and_reap(pid_t pid) {
  kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
}

// Follows the traced program through its system calls.
bool trace(pid_t pid, int nth) {
  int status = 0;
  int changes = 0;
  bool changing = false;
  waitpid(pid, &status, 0);
  ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (int deliver = 0;;) {
    ptrace(PTRACE_SYSCALL, pid, nullptr, deliver);
    waitpid(pid, &status, 0);
    if (!WIFSTOPPED(status)) {
      return false;
    }
    deliver =
        WSTOPSIG(status) == (SIGTRAP | 0x80) || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
      changing = is_change(netlink_type(pid, info));
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && std::exchange(changing, false) &&
               ++changes == nth) {
      kill_and_reap(pid);
      return true;
    }
  }
}

}  // namespace

std::vector<std::string> lines_with(const std::string& text, const std::string& start) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(start)) {
      lines.push_back(line);
    }
  }
  return lines;
}

Child::Child(const Command& command) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  pid_ = fork();
  if (pid_ == 0) {
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execute(command);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::exchange(other.out_, -1)),
      err_(std::exchange(other.err_, -1)),
      so_far_(std::move(other.so_far_)) {}

Child::~Child() {
  if (pid_ > 0) {
    kill_and_reap(pid_);
  }
  for (const int pipe : {out_, err_}) {
    if (pipe >= 0) {
      close(pipe);
    }
  }
}

void Child::signal(int number) const {
  kill(pid_, number);
}

// Whether both pipes are closed.
bool Child::read_output(int timeout_ms) {
  std::array<pollfd, 2> pipes = {{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  ::poll(pipes.data(), pipes.size(), timeout_ms);
  const auto take = [](const pollfd& pipe, int& descriptor, std::string& text) {
    if (pipe.revents != 0 && !drain(descriptor, text)) {
      close(std::exchange(descriptor, -1));
    }
  };
  take(pipes[0], out_, so_far_.out);
  take(pipes[1], err_, so_far_.err);
  return out_ < 0 && err_ < 0;
}

Run Child::reap() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  so_far_.exit = exit_status(status);
  return std::move(so_far_);
}

Run Child::wait() {
  const auto deadline = std::chrono::steady_clock::now() + longest_run;
  for (bool ended = false; !ended;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      throw std::runtime_error(
          "a program takes longer than five minutes; so far it said: " + so_far_.out + so_far_.err);
    }
    ended = read_output(static_cast<int>(left.count()));
  }
  return reap();
}

std::optional<Run> Child::poll() {
  return read_output(0) ? std::optional(reap()) : std::nullopt;
}

bool kill_after_change(const Command& command, int nth) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    execute(command);
  }
  return trace(pid, nth);
}

}  // namespace support
