// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include "core/error.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace io {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20U;

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};

core::Error cannot(std::string_view verb, core::Exit exit, const std::string& path) {
  return core::Error(exit, "cannot {} {}: {}", verb, path, std::strerror(errno));
}

}  // namespace

std::string read_file(const std::string& path) {
  const std::unique_ptr<FILE, CloseFile> file(std::fopen(path.c_str(), "re"));
  if (!file) {
    throw cannot("read", core::Exit::config, path);
  }
  std::string text;
  std::array<char, 4096> chunk{};
  while (const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), size);
    if (text.size() > largest_file) {
      throw core::Error(core::Exit::config, "{} is larger than 1 MiB", path);
    }
  }
  if (std::ferror(file.get()) != 0) {
    throw cannot("read", core::Exit::config, path);
  }
  return text;
}

bool is_readable(const std::string& path) {
  return access(path.c_str(), R_OK) == 0;
}

void write_file(const std::string& path, const std::string& text) {
  const std::unique_ptr<FILE, CloseFile> file(std::fopen(path.c_str(), "we"));
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0) {
    throw cannot("write", core::Exit::os_error, path);
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace io
