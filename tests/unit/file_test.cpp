// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include "core/error.hpp"
#include "support/print.hpp"
#include "unit/temporary_folder.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

using core::Exit;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found = {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

}  // namespace

TEST_CASE("file: any bytes, are read completely") {
  const unit::TemporaryFolder folder;
  for (const std::size_t size : {0U, 1U, 4096U, 4097U, 1U << 20U}) {
    const std::string text(size, '\0');
    CHECK(io::read_file(folder.write("x", text)) == text);
  }
}

TEST_CASE("file: unreadable file, is a config error with its name") {
  const unit::TemporaryFolder folder;
  const auto failure = [&](const std::string& path) {
    const auto error = core::catch_error_except_signals([&] { io::read_file(path); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::config);
    return std::string(error->what());
  };
  CHECK(failure(folder.path("none")) ==
        "cannot read " + folder.path("none") + ": No such file or directory");
  CHECK(failure(folder.path("")) == "cannot read " + folder.path("") + ": Is a directory");
  const std::string large = folder.write("large", std::string((1U << 20U) + 1, 'x'));
  CHECK(failure(large) == "cannot read " + large + ": it is larger than 1 MiB");
  // An endless file, which a wrong path may name.
  CHECK(failure("/dev/zero") == "cannot read /dev/zero: it is larger than 1 MiB");
}

TEST_CASE("file: pipe, is read until its writer closes it, and has little time") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.path("pipe");
  REQUIRE(mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0);
  std::thread writer([&] { std::ofstream(path) << "first" << std::flush << "second"; });
  CHECK(io::read_file(path) == "firstsecond");
  writer.join();

  const auto silent =
      core::catch_error_except_signals([&] { io::read_file(path, std::chrono::milliseconds{20}); });
  REQUIRE(silent.has_value());
  CHECK(silent->exit() == Exit::config);
  CHECK(std::string(silent->what()) == "cannot read " + path + ": its end did not come in time");
  const auto unread = core::catch_error_except_signals([&] { io::write_file(path, "x"); });
  REQUIRE(unread.has_value());
  CHECK(unread->exit() == Exit::os_error);
}

TEST_CASE("file: overwriting, leaves nothing of the old content") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.write("log", "something longer than that");
  io::write_file(path, "short\n");
  CHECK(io::read_file(path) == "short\n");
  CHECK(io::is_readable(path));
  CHECK_FALSE(io::is_readable(folder.path("none")));
  const mode_t usual = umask(0022);
  io::write_file(folder.path("new"), "x");
  umask(usual);
  CHECK(mode_of(folder.path("new")) == 0644);
}

TEST_CASE("file: unwritable file, is an error") {
  const unit::TemporaryFolder folder;
  for (const std::string& path : {folder.path("none/x"), std::string("/dev/full")}) {
    CAPTURE(path);
    const auto error = core::catch_error_except_signals([&] { io::write_file(path, "x"); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::os_error);
    CHECK(std::string(error->what()).starts_with("cannot write " + path + ": "));
  }
}

namespace {

// A full disk for this process; a write fails without a signal.
rlimit limit_files_to(rlim_t size) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual = {};
  getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit limited{.rlim_cur = size, .rlim_max = usual.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limited);
  return usual;
}

std::string append(const std::string& content) {
  return content + "x";
}

}  // namespace

TEST_CASE("file: update, derives from the old content and is readable for all") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.path("metrics");
  const mode_t usual = umask(0077);
  for (const std::string wanted : {"x", "xx", "xxx"}) {
    io::update_file(path, append);
    CHECK(io::read_file(path) == wanted);
    CHECK(mode_of(path) == 0644);
    CHECK_FALSE(io::is_readable(path + ".tmp"));
  }
  umask(usual);
  std::ifstream reader(path);
  io::update_file(path, append);
  std::string old;
  reader >> old;
  CHECK(old == "xxx");
  io::update_file(folder.write("large", std::string((1U << 20U) + 1, 'y')), append);
  CHECK(io::read_file(folder.path("large")) == "x");
}

TEST_CASE("file: leftover of a killed update, is used by the next one") {
  const unit::TemporaryFolder folder;
  folder.write("metrics.tmp", std::string(10'000, 'z'));
  io::update_file(folder.path("metrics"), append);
  CHECK(io::read_file(folder.path("metrics")) == "x");
  CHECK_FALSE(io::is_readable(folder.path("metrics.tmp")));
}

TEST_CASE("file: failed update, leaves the old file and no temporary one") {
  const unit::TemporaryFolder folder;
  const std::string old = folder.write("metrics", "old");
  const auto failure = [](const std::string& path) {
    const auto error = core::catch_error_except_signals([&] { io::update_file(path, append); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::os_error);
    return std::string(error->what());
  };
  CHECK(failure(folder.path("none/metrics")).starts_with("cannot write "));
  CHECK(failure("/dev/null") == "cannot replace /dev/null: it is not a regular file");
  CHECK(failure(folder.path("")).ends_with(": it is not a regular file"));

  std::filesystem::create_symlink("elsewhere", folder.path("metrics.tmp"));
  failure(old);
  CHECK_FALSE(io::is_readable(folder.path("elsewhere")));
  std::filesystem::remove(folder.path("metrics.tmp"));

  const rlimit usual = limit_files_to(1);
  const auto error = core::catch_error_except_signals(
      [&] { io::update_file(old, [](const std::string&) { return std::string(9'999, 'x'); }); });
  setrlimit(RLIMIT_FSIZE, &usual);
  CHECK(error.has_value());
  CHECK(io::read_file(old) == "old");
  CHECK_FALSE(io::is_readable(old + ".tmp"));
}

TEST_CASE("file: concurrent updates, see each other's result or are refused") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.path("metrics");
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&path] {
      for (int done = 0; done < 50;) {
        done += core::catch_error_except_signals([&] { io::update_file(path, append); }) ? 0 : 1;
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(io::read_file(path) == std::string(200, 'x'));
  CHECK_FALSE(io::is_readable(path + ".tmp"));
}

TEST_CASE("file: host, has a name") {
  CHECK_FALSE(io::host_name().empty());
}

TEST_CASE("file: new file, appears whole with mode 0600, and what is there stays") {
  const unit::TemporaryFolder folder;
  const mode_t old = umask(0);
  io::create_file(folder.path("new"), "whole");
  umask(old);
  struct stat status = {};
  REQUIRE(stat(folder.path("new").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  const std::string existing = folder.write("old", "mine");
  for (const std::string& path : {existing, folder.path("none/x"), std::string("/dev/full")}) {
    CAPTURE(path);
    const auto failure = core::catch_error([&] { io::create_file(path, "text"); });
    REQUIRE(failure.has_value());
    CHECK(failure->exit() == Exit::os_error);
  }
  CHECK(io::read_file(existing) == "mine");
  CHECK(io::read_file(folder.path("new")) == "whole");
  CHECK(io::list_folder(folder.path("")) == std::vector<std::string>{"new", "old"});
}
