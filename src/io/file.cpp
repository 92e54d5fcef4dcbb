// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include "core/error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

namespace io {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20U;

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

// Null with errno if it cannot be opened.
File open_file(const std::string& path, int flags, const char* mode,
               mode_t permissions = S_IRUSR | S_IWUSR) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, permissions);
  return File(descriptor < 0 ? nullptr : fdopen(descriptor, mode));
}

core::Error file_error(std::string_view verb, core::Exit exit, const std::string& path) {
  return core::Error(exit, "cannot {} {}: {}", verb, path, std::strerror(errno));
}

// A pipe or a terminal may have nothing to say; a regular file has at once.
void require_readable(int descriptor, const std::string& path,
                      std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd readable = {.fd = descriptor, .events = POLLIN, .revents = 0};
  const int count = poll(&readable, 1, static_cast<int>(std::max<long>(left.count(), 0)));
  if (count < 0) {
    throw file_error("read", core::Exit::config, path);
  }
  if (count == 0) {
    throw core::Error(core::Exit::config, "cannot read {}: its end did not come in time", path)
        .with_hint("name a regular file, or a pipe whose writer closes it");
  }
}

bool is_named(FILE* file, const std::string& path) {
  struct stat opened = {};
  struct stat named = {};
  return fstat(fileno(file), &opened) == 0 && lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// Opens a file that no other process has open for writing while it has this name.
File open_alone(const std::string& path) {
  constexpr int most_tries = 100;  // while other processes finish
  for (int tries = 0; tries < most_tries; ++tries) {
    File file = open_file(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, "w");
    if (!file || flock(fileno(file.get()), LOCK_EX | LOCK_NB) != 0) {
      break;
    }
    if (is_named(file.get(), path)) {
      return file;
    }
  }
  throw file_error("write", core::Exit::os_error, path);
}

// A new file of mode 0600 with that name, whose last six letters are replaced; null with errno.
File make_temporary(std::string& name) {
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  return File(descriptor < 0 ? nullptr : fdopen(descriptor, "w"));
}

// Replacing a device by a regular file would break its other users.
void require_replaceable(const std::string& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    throw core::Error(core::Exit::os_error, "cannot replace {}: it is not a regular file", path);
  }
}

}  // namespace

std::string read_file(const std::string& path, std::chrono::milliseconds patience) {
  // Without O_NONBLOCK a named pipe that nobody writes to is opened for ever.
  const File file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, "r");
  if (!file) {
    throw file_error("read", core::Exit::config, path);
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    require_readable(fileno(file.get()), path, deadline);
    const ssize_t size = read(fileno(file.get()), chunk.data(), chunk.size());
    if (size < 0) {
      throw file_error("read", core::Exit::config, path);
    }
    if (size == 0) {
      return text;
    }
    text.append(chunk.data(), static_cast<std::size_t>(size));
    if (text.size() > largest_file) {
      throw core::Error(core::Exit::config, "cannot read {}: it is larger than 1 MiB", path);
    }
  }
}

bool is_readable(const std::string& path) {
  return access(path.c_str(), R_OK) == 0;
}

bool is_present(const std::string& path) {
  struct stat found = {};
  return lstat(path.c_str(), &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::vector<std::string> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(path, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    names.push_back(entry->path().filename());
  }
  std::ranges::sort(names);
  return names;
}

void write_file(const std::string& path, const std::string& text) {
  constexpr mode_t left_to_umask = 0666;
  const File file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, "w", left_to_umask);
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0) {
    throw file_error("write", core::Exit::os_error, path);
  }
}

void create_file(const std::string& path, const std::string& text) {
  std::string temporary = path + ".XXXXXX";
  const File file(make_temporary(temporary));
  // link() fails where rename() would replace a file.
  const bool done = file && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
                    std::fflush(file.get()) == 0 && link(temporary.c_str(), path.c_str()) == 0;
  const int cause = errno;
  if (file) {
    unlink(temporary.c_str());
  }
  if (!done) {
    errno = cause;
    const core::Error error = file_error("write", core::Exit::os_error, path);
    throw cause == EEXIST ? error.with_hint("name another file: an old one is never overwritten")
                          : core::Error(error);
  }
}

void write_stdout(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw file_error("write", core::Exit::os_error, "stdout");
  }
}

void update_file(const std::string& path, const Update& update) {
  require_replaceable(path);
  const std::string temporary = path + ".tmp";
  const File file = open_alone(temporary);
  std::string content;
  if (core::catch_error_except_signals([&] { content = read_file(path); })) {
    content.clear();
  }
  const std::string text = update(content);
  const int descriptor = fileno(file.get());
  const bool done = ftruncate(descriptor, 0) == 0 && fchmod(descriptor, 0644) == 0 &&
                    std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
                    std::fflush(file.get()) == 0 && rename(temporary.c_str(), path.c_str()) == 0;
  if (!done) {
    const core::Error error = file_error("write", core::Exit::os_error, path);
    unlink(temporary.c_str());
    throw core::Error(error);
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace io
