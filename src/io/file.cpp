// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include "core/error.hpp"

#include <fcntl.h>
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

core::Error file_error(std::string_view verb, core::Exit exit, const std::string& path) {
  return core::Error(exit, "cannot {} {}: {}", verb, path, std::strerror(errno));
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
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const int descriptor = open(path.c_str(), flags, S_IRUSR | S_IWUSR);
    File file(descriptor < 0 ? nullptr : fdopen(descriptor, "w"));
    if (!file || flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
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

std::string read_file(const std::string& path) {
  const File file(std::fopen(path.c_str(), "re"));
  if (!file) {
    throw file_error("read", core::Exit::config, path);
  }
  std::string text;
  std::array<char, 4096> chunk{};
  while (const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), size);
    if (text.size() > largest_file) {
      throw core::Error(core::Exit::config, "cannot read {}: it is larger than 1 MiB", path);
    }
  }
  if (std::ferror(file.get()) != 0) {
    throw file_error("read", core::Exit::config, path);
  }
  return text;
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
  const File file(std::fopen(path.c_str(), "we"));
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
