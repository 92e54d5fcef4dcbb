// SPDX-License-Identifier: Apache-2.0
#include "app/cli/cli.hpp"
#include "app/commands.hpp"
#include "app/report/report.hpp"
#include "core/plan/pool.hpp"
#include "core/text.hpp"
#include "io/file.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>

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

// Stdout. A run goes on if stdout is full or its reader is gone: a line that nobody sees must not
// interrupt a change of routes. The exit code tells of it.
class Printer {
 public:
  void print(const std::string& words, app::Output output) {
    if (lost_ || words.empty()) {
      return;
    }
    const bool color = output == app::Output::text && wants_color();
    const std::string text = color ? app::colored(core::redact(words)) : core::redact(words);
    lost_ = core::catch_error([&] { io::write_stdout(text); });
  }

  const std::optional<core::Error>& lost() const { return lost_; }

 private:
  std::optional<core::Error> lost_ = {};
};

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

app::Report run(const app::Invocation& invocation, Printer& printer) {
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
  system.print = [&](const std::string& text) { printer.print(text, invocation.output); };
  return app::execute(system, invocation);
}

// Every exception becomes the document that was asked for.
app::Report run_or_refuse(const app::Invocation& invocation, Printer& printer) {
  try {
    return run(invocation, printer);
  } catch (const core::Error& error) {
    return app::refuse(invocation, error);
  } catch (const std::exception& error) {
    return app::refuse(invocation, core::Error(core::Exit::software, "{}", error.what())
                                       .with_hint("report this bug with the output of -v"));
  }
}

// The exit code, after what stdout did not take.
core::Exit exit_after(const Printer& printer, core::Exit exit, const app::Invocation& asked) {
  if (!printer.lost()) {
    return exit;
  }
  log_ending(io::Log(asked.log_format, asked.log_level),
             {core::Exit::os_error, printer.lost()->what(), ""});
  return app::exit_without_output(exit, asked);
}

core::Exit finish(const app::Invocation& asked, const app::Report& report, Printer& printer) {
  const io::Log log(asked.log_format, asked.log_level);
  printer.print(report.output, asked.output);
  log_ending(log, report.ending);
  write_termination_message(log, asked, report);
  return exit_after(printer, report.exit, asked);
}

core::Exit run(const std::vector<std::string>& arguments) {
  Printer printer;
  const auto asked = app::parse_command_line(arguments, environment);
  if (const auto* answer = std::get_if<app::Answer>(&asked)) {
    printer.print(answer->text, app::Output::json);  // as it is
    return exit_after(printer, core::Exit::ok, {});
  }
  if (const auto* refusal = std::get_if<app::Refusal>(&asked)) {
    return finish(refusal->asked, app::refuse(refusal->asked, refusal->error), printer);
  }
  const auto& invocation = std::get<app::Invocation>(asked);
  const app::Report report = run_or_refuse(invocation, printer);
  return finish(invocation, report, printer);
}

// A socket in the place of a closed stdout would take the result for its own data.
void fill_closed_descriptors() {
  for (int lowest = 0; lowest >= 0 && lowest <= STDERR_FILENO;) {
    lowest = open("/dev/null", O_RDONLY);  // so that a write to it fails
    if (lowest > STDERR_FILENO) {
      close(lowest);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_DUMPABLE, 0);      // a core dump or another process must not see the token
  std::signal(SIGPIPE, SIG_IGN);  // `do-egress-ip | head -n 1` must not end a change of routes
  fill_closed_descriptors();
  core::Exit exit = core::Exit::software;
  try {
    exit = run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    const io::Log log(io::LogFormat::text, io::Level::info);
    log_ending(log, {exit, error.what(), "report this bug with the output of -v"});
  }
  return static_cast<int>(exit);
}
