// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include "core/error.hpp"
#include "support/print.hpp"
#include "unit/temporary_folder.hpp"

using core::Exit;

TEST_CASE("file: is read whole, whatever is in it") {
  const unit::TemporaryFolder folder;
  for (const std::size_t size : {0U, 1U, 4096U, 4097U, 1U << 20U}) {
    const std::string text(size, '\0');
    CHECK(io::read_file(folder.write("x", text)) == text);
  }
}

TEST_CASE("file: what cannot be read is a wrong set-up, named") {
  const unit::TemporaryFolder folder;
  const auto failure = [&](const std::string& path) {
    const auto error = core::failure_of([&] { io::read_file(path); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::config);
    return std::string(error->what());
  };
  CHECK(failure(folder.path("none")) ==
        "cannot read " + folder.path("none") + ": No such file or directory");
  CHECK(failure(folder.path("")) == "cannot read " + folder.path("") + ": Is a directory");
  const std::string large = folder.write("large", std::string((1U << 20U) + 1, 'x'));
  CHECK(failure(large) == large + " is larger than 1 MiB");
  // A file that has no end, as a careless path may name one.
  CHECK(failure("/dev/zero") == "/dev/zero is larger than 1 MiB");
}

TEST_CASE("file: writing over a file leaves nothing of what was there") {
  const unit::TemporaryFolder folder;
  const std::string path = folder.write("log", "something longer than that");
  io::write_file(path, "short\n");
  CHECK(io::read_file(path) == "short\n");
  CHECK(io::is_readable(path));
  CHECK_FALSE(io::is_readable(folder.path("none")));
}

TEST_CASE("file: what cannot be written is told") {
  const unit::TemporaryFolder folder;
  for (const std::string& path : {folder.path("none/x"), std::string("/dev/full")}) {
    CAPTURE(path);
    const auto error = core::failure_of([&] { io::write_file(path, "x"); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::os_error);
    CHECK(std::string(error->what()).starts_with("cannot write " + path + ": "));
  }
}

TEST_CASE("file: the host has a name") {
  CHECK_FALSE(io::host_name().empty());
}
