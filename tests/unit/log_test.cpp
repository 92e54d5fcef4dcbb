// SPDX-License-Identifier: Apache-2.0
#include "io/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

using io::Level;
using io::Log;
using io::LogFormat;

namespace {

// What `body` writes to stderr while stderr is `descriptor`.
void redirected_to(int descriptor, const std::function<void()>& body) {
  std::fflush(stderr);
  const int kept = dup(STDERR_FILENO);
  dup2(descriptor, STDERR_FILENO);
  body();
  std::fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
}

std::string stderr_of(const std::function<void()>& body) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  redirected_to(fileno(file), body);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// The same on a terminal, which writes a line feed as two bytes.
std::string terminal_of(const std::function<void()>& body) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(master >= 0);
  REQUIRE(grantpt(master) == 0);
  REQUIRE(unlockpt(master) == 0);
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  redirected_to(terminal, body);
  close(terminal);
  std::string text;
  char letter = 0;
  while (read(master, &letter, 1) == 1) {  // until the closed terminal has returned everything
    text += letter;
  }
  close(master);
  return text;
}

}  // namespace

TEST_CASE("log: message, names the program and the level") {
  const Log log(LogFormat::text, Level::debug);
  CHECK(stderr_of([&] {
          log.write(Level::error, "reading {}: {}", "x", "no");
          log.write(Level::hint, "try y");
          log.write(Level::warning, "w");
          log.write(Level::info, "i");
          log.write(Level::debug, "d");
        }) ==
        "do-egress-ip: error: reading x: no\n"
        "do-egress-ip: hint: try y\n"
        "do-egress-ip: warning: w\n"
        "do-egress-ip: info: i\n"
        "do-egress-ip: debug: d\n");
}

TEST_CASE("log: message beyond the level, is not written") {
  const Log quiet(LogFormat::text, Level::hint);
  CHECK(stderr_of([&] {
          quiet.write(Level::warning, "w");
          quiet.write(Level::debug, "d");
          quiet.write(Level::hint, "h");
        }) == "do-egress-ip: hint: h\n");
}

TEST_CASE("log: JSON format, is one object per line for any text") {
  const Log log(LogFormat::json, Level::info);
  const std::string text =
      stderr_of([&] { log.write(Level::error, "{}", "a \"quote\"\n\\ \x01 \xff \xc3\xa9"); });
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto object = nlohmann::json::parse(text);
  CHECK(object.at("level") == "error");
  CHECK(object.at("message").get<std::string>().starts_with("a \"quote\"\n\\ \x01 "));
}

TEST_CASE("log: progress, is written to terminals only") {
  const Log log(LogFormat::text, Level::debug);
  CHECK(stderr_of([&] { log.progress("waiting"); }).empty());
}

TEST_CASE("log: progress on a terminal, is one line that the next message replaces") {
  const Log log(LogFormat::text, Level::info);
  CHECK(terminal_of([&] {
          log.progress("waiting");
          log.progress("still waiting");
          log.write(Level::warning, "done");
          log.write(Level::warning, "really");
        }) ==
        "\r\033[Kdo-egress-ip: waiting …"
        "\r\033[Kdo-egress-ip: still waiting …"
        "\r\033[Kdo-egress-ip: warning: done\r\n"
        "do-egress-ip: warning: really\r\n");
}

TEST_CASE("log: progress with JSON format or --quiet, is not written") {
  const Log json(LogFormat::json, Level::info);
  const Log quiet(LogFormat::text, Level::hint);
  CHECK(terminal_of([&] {
          json.progress("waiting");
          quiet.progress("waiting");
        }).empty());
}

TEST_CASE("log: any byte, becomes valid JSON") {
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const std::string text(1, static_cast<char>(code));
    const auto parsed = nlohmann::json::parse(io::quote_json(text)).get<std::string>();
    CHECK(parsed == (code < 0x7f ? text : "\xef\xbf\xbd"));
  }
}
