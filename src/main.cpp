// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"
#include "app/commands.hpp"
#include "app/report/report.hpp"
#include "core/plan/pool.hpp"
#include "core/text.hpp"
#include "io/file.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool wants_color() {
  const auto refused = environment("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (!refused || refused->empty()) &&
         environment("TERM").value_or("") != "dumb";
}

void print(const std::string& words, app::Output output) {
  const bool color = output == app::Output::text && wants_color();
  const std::string text = color ? app::colored(core::redact(words)) : core::redact(words);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);  // a person reads along, and stderr may be the same terminal
}

void log_ending(const io::Log& log, const core::Ending& ending) {
  if (ending.exit == core::Exit::ok || ending.exit == core::Exit::changed) {
    return;  // not a failure
  }
  log.write(io::Level::error, "{}", ending.message);
  if (!ending.hint.empty()) {
    log.write(io::Level::hint, "{}", ending.hint);
  }
}

// The kubelet shows this message. A failure to write it does not change the outcome.
void write_termination_message(const io::Log& log, const app::Invocation& invocation,
                               const app::Report& report) {
  if (invocation.termination_log.empty()) {
    return;
  }
  const auto failure = core::catch_error_except_signals([&] {
    io::write_file(invocation.termination_log, core::redact(report.termination_message));
  });
  if (failure) {
    log.write(io::Level::warning, "{}", failure->what());
  }
}

// The document that was asked for also comes from a run that its deadline ends.
io::Overdue overdue(const app::Invocation& invocation) {
  const core::Error error(core::Exit::try_again, "{}", io::Overdue::message);
  const app::Report report =
      app::refuse(invocation, error.with_hint(std::string(io::Overdue::hint)));
  return {.output = core::redact(report.output), .exit = report.exit};
}

app::Report run(const app::Invocation& invocation) {
  const io::Log log(invocation.log_format, invocation.log_level);
  for (const std::string& warning : invocation.warnings) {
    log.write(io::Level::warning, "{}", warning);
  }
  const auto clock = io::open_clock(invocation.timeout, overdue(invocation));
  const auto random = io::open_random();
  const auto http =
      io::make_retrying_http(io::open_http(*clock, log, app::addresses_barred_for_apis(invocation)),
                             *clock, log, random, core::crowd_of(invocation.config.pool.size()));
  const auto kernel = io::open_kernel();
  const auto guards = io::open_guards();
  const auto locks = io::open_locks();
  app::System system{*http, *kernel, *clock, *guards, *locks, log, random};
  system.print = [&](const std::string& text) { print(text, invocation.output); };
  return app::execute(system, invocation);
}

// Every exception becomes the document that was asked for.
app::Report run_or_refuse(const app::Invocation& invocation) {
  try {
    return run(invocation);
  } catch (const core::Error& error) {
    return app::refuse(invocation, error);
  } catch (const std::exception& error) {
    return app::refuse(invocation, core::Error(core::Exit::software, "{}", error.what())
                                       .with_hint("report this bug with the output of -v"));
  }
}

core::Exit finish(const app::Invocation& asked, const app::Report& report) {
  const io::Log log(asked.log_format, asked.log_level);
  print(report.output, asked.output);
  log_ending(log, report.ending);
  write_termination_message(log, asked, report);
  return report.exit;
}

core::Exit run(const std::vector<std::string>& arguments) {
  const auto asked = app::parse_command_line(arguments, environment);
  if (const auto* answer = std::get_if<app::Answer>(&asked)) {
    print(answer->text, app::Output::json);  // as it is
    return core::Exit::ok;
  }
  if (const auto* refusal = std::get_if<app::Refusal>(&asked)) {
    return finish(refusal->asked, app::refuse(refusal->asked, refusal->error));
  }
  const auto& invocation = std::get<app::Invocation>(asked);
  return finish(invocation, run_or_refuse(invocation));
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_DUMPABLE, 0);  // a core dump or another process must not see the token
  core::Exit exit = core::Exit::software;
  try {
    exit = run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    const io::Log log(io::LogFormat::text, io::Level::info);
    log_ending(log, {exit, error.what(), "report this bug with the output of -v"});
  }
  return static_cast<int>(exit);
}
