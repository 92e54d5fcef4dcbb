// SPDX-License-Identifier: Apache-2.0
#include "io/log.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdio>
#include <functional>

using io::Level;
using io::Log;
using io::LogFormat;

namespace {

// What `body` writes to stderr, which is no terminal meanwhile.
std::string stderr_of(const std::function<void()>& body) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int kept = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  body();
  std::fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("log: names the program and the level") {
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

TEST_CASE("log: is silent beyond its level") {
  const Log quiet(LogFormat::text, Level::hint);
  CHECK(stderr_of([&] {
          quiet.write(Level::warning, "w");
          quiet.write(Level::debug, "d");
          quiet.write(Level::hint, "h");
        }) == "do-egress-ip: hint: h\n");
}

TEST_CASE("log: as JSON is one object a line, whatever is said") {
  const Log log(LogFormat::json, Level::info);
  const std::string text =
      stderr_of([&] { log.write(Level::error, "{}", "a \"quote\"\n\\ \x01 \xff \xc3\xa9"); });
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto object = nlohmann::json::parse(text);
  CHECK(object.at("level") == "error");
  CHECK(object.at("message").get<std::string>().starts_with("a \"quote\"\n\\ \x01 "));
}

TEST_CASE("log: progress is for terminals only") {
  const Log log(LogFormat::text, Level::debug);
  CHECK(stderr_of([&] { log.progress("waiting"); }).empty());
}

TEST_CASE("log: a quoted text is JSON for every byte") {
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const std::string text(1, static_cast<char>(code));
    const auto parsed = nlohmann::json::parse(io::quoted(text)).get<std::string>();
    CHECK(parsed == (code < 0x7f ? text : "\xef\xbf\xbd"));
  }
}
