// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"

#include "app/cli/options.hpp"
#include "app/doctor/doctor.hpp"
#include "app/report/metrics.hpp"
#include "app/report/report.hpp"
#include "app/run/pool.hpp"
#include "app/run/reconcile.hpp"
#include "app/run/status.hpp"
#include "app/verify/verify.hpp"
#include "core/plan/destinations.hpp"
#include "io/file.hpp"

namespace app {

namespace {

// The kubelet keeps 4096 bytes of a container ("Customizing the termination message"), and a cut
// JSON document is useless.
constexpr std::size_t longest_message = 4096;

std::string termination_message(Outcome outcome, const std::string& json) {
  if (json.size() <= longest_message) {
    return json;
  }
  outcome.steps.clear();
  return render_json(outcome);
}

// Keeps only the problems if all checks are too long, and only the ending if those are too long.
std::string termination_message(Diagnosis diagnosis, std::string json) {
  if (json.size() > longest_message) {
    std::erase_if(diagnosis.checks,
                  [](const core::Check& check) { return check.verdict != core::Verdict::problem; });
    json = render_json(diagnosis);
  }
  if (json.size() > longest_message) {
    diagnosis.checks.clear();
    json = render_json(diagnosis);
  }
  return json;
}

// Most runs repeat in a loop, and nobody reads their JSON: render it only if asked.
template <class Found>
std::string render_json_if_asked(const Found& found, const Invocation& invocation) {
  const bool asked = invocation.output == Output::json || !invocation.termination_log.empty();
  return asked ? render_json(found) : std::string{};
}

Reasons reasons_of(const Invocation& invocation) {
  const bool changes =
      invocation.command == Command::reconcile || invocation.command == Command::release;
  const bool dry_run = invocation.writes == Writes::none && changes;
  const bool asked = dry_run || invocation.log_level == io::Level::debug;
  return asked ? Reasons::show : Reasons::hide;
}

Report make_report(const Outcome& outcome, const Invocation& invocation) {
  const bool facts = invocation.command == Command::status;
  const std::string json = render_json_if_asked(outcome, invocation);
  return {.output = invocation.output == Output::json ? json
                    : facts ? render_status(outcome, reasons_of(invocation))
                            : render_result(outcome),
          .termination_message = termination_message(outcome, json),
          .ending = outcome.ending,
          .exit = exit_of(outcome, invocation)};
}

Report make_report(const PoolTable& table, const Invocation& invocation) {
  const std::string json = render_json_if_asked(table, invocation);
  return {.output = invocation.output == Output::json ? json : render_text(table),
          .termination_message = json.size() <= longest_message ? json : std::string{},
          .ending = table.ending,
          .exit = apply_ok_codes(table.ending.exit, invocation)};
}

Report make_report(const Verification& found, const Invocation& invocation) {
  const std::string json = render_json_if_asked(found, invocation);
  return {.output = invocation.output == Output::json ? json : render_text(found),
          .termination_message = json.size() <= longest_message ? json : std::string{},
          .ending = found.ending,
          .exit = apply_ok_codes(found.ending.exit, invocation)};
}

Report make_report(const Diagnosis& diagnosis, const Invocation& invocation) {
  const std::string json = render_json_if_asked(diagnosis, invocation);
  const bool bundled = diagnosis.bundle == "-";  // which contains the checks
  return {.output = invocation.output == Output::json ? json
                    : bundled                         ? std::string{}
                              : render_text(diagnosis, reasons_of(invocation)),
          .termination_message = termination_message(diagnosis, json),
          .ending = diagnosis.ending,
          .exit = apply_ok_codes(diagnosis.ending.exit, invocation)};
}

// A failure to write metrics does not change the outcome.
void write_metrics(const System& system, const Invocation& invocation, const Outcome& outcome) {
  if (invocation.metrics_file.empty() || invocation.writes == Writes::none) {
    return;
  }
  const auto failure = core::catch_error_except_signals([&] {
    io::update_file(invocation.metrics_file, [&](const std::string& previous) {
      return render_metrics(outcome, system.clock.wall(), previous);
    });
  });
  if (failure) {
    system.log.write(io::Level::warning, "--metrics-file: {}", failure->what());
  }
}

// --route none leaves routes as they are, those of an earlier run as well: destinations stay
// closed.
void warn_of_destinations_left(const System& system, const Invocation& invocation,
                               const Outcome& outcome) {
  const auto left = core::destinations_left(outcome.network, invocation.config);
  if (left && invocation.command == Command::reconcile) {
    system.log.write(io::Level::warning, "{}; {}", left->message, left->hint);
  }
}

Report change(System& system, const Invocation& invocation) {
  if (system.print && invocation.output == Output::text) {
    system.on_step = [&](const StepRecord& step, const core::Network& before) {
      system.print(render_step(step, before, reasons_of(invocation)));
    };
  }
  const Outcome outcome = invocation.command == Command::release ? release(system, invocation)
                                                                 : reconcile(system, invocation);
  warn_of_destinations_left(system, invocation, outcome);
  write_metrics(system, invocation, outcome);
  return make_report(outcome, invocation);
}

Report report_failure(const Invocation& asked, const core::Ending& ending) {
  const std::string& node = asked.config.node_name;
  switch (asked.command) {
    case Command::doctor:
      return make_report(Diagnosis{.ending = ending, .node = node}, asked);
    case Command::pool:
      return make_report(PoolTable{.ending = ending}, asked);
    case Command::verify:
      return make_report(
          Verification{.result = Outcome::Result::failed, .ending = ending, .node = node}, asked);
    default:
      return make_report(Outcome{.result = Outcome::Result::failed,
                                 .ending = ending,
                                 .command = std::string(facts_of(asked.command).name),
                                 .node = node},
                         asked);
  }
}

}  // namespace

io::IsBarred addresses_barred_for_apis(const Invocation& invocation) {
  const core::Config& asked = invocation.config;
  if (!core::has_destinations(asked)) {
    return {};
  }
  return [&asked](core::Ipv4 address) { return core::is_destination(asked, address); };
}

Report refuse(const Invocation& asked, const core::Error& why) {
  Report report = report_failure(asked, {why.exit(), why.what(), why.hint()});
  if (asked.output == Output::text) {
    report.output.clear();
  }
  return report;
}

Report execute(System& system, const Invocation& invocation) {
  switch (invocation.command) {
    case Command::reconcile:
    case Command::release:
      return change(system, invocation);
    case Command::status:
      return make_report(status(system, invocation), invocation);
    case Command::doctor:
      return make_report(doctor(system, invocation), invocation);
    case Command::pool:
      return make_report(read_pool(system, invocation), invocation);
    case Command::verify:
      return make_report(verify(system, invocation), invocation);
  }
  return {};
}

}  // namespace app
