// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"

#include "app/cli/options.hpp"
#include "app/doctor/doctor.hpp"
#include "app/report/metrics.hpp"
#include "app/report/report.hpp"
#include "app/run/pool.hpp"
#include "app/run/reconcile.hpp"
#include "app/run/status.hpp"
#include "io/file.hpp"

namespace app {

namespace {

// "The total message length across all containers is limited to 12KiB", one of them to 4096 bytes
// (Kubernetes, "Customizing the termination message"); half a document is none.
constexpr std::size_t longest_word = 4096;

std::string word_of(Outcome outcome, const std::string& json) {
  if (json.size() <= longest_word) {
    return json;
  }
  outcome.steps.clear();
  return render_json(outcome);
}

// The problems, where there is no room for all checks; else how it ended.
std::string word_of(Diagnosis diagnosis, std::string json) {
  if (json.size() > longest_word) {
    std::erase_if(diagnosis.checks,
                  [](const core::Check& check) { return check.verdict != core::Verdict::problem; });
    json = render_json(diagnosis);
  }
  if (json.size() > longest_word) {
    diagnosis.checks.clear();
    json = render_json(diagnosis);
  }
  return json;
}

// Most runs are repetitions in a loop, and of those nobody reads a document.
template <class Found>
std::string asked_json(const Found& found, const Invocation& invocation) {
  const bool asked = invocation.output == Output::json || !invocation.termination_log.empty();
  return asked ? render_json(found) : std::string{};
}

Report report_of(const Outcome& outcome, const Invocation& invocation) {
  const bool facts = invocation.command == Command::status;
  const std::string json = asked_json(outcome, invocation);
  return {.output = invocation.output == Output::json ? json
                    : facts                           ? render_status(outcome)
                                                      : render_text(outcome),
          .word = word_of(outcome, json),
          .ending = outcome.ending,
          .exit = exit_of(outcome, invocation)};
}

Report report_of(const PoolTable& table, const Invocation& invocation) {
  const std::string json = asked_json(table, invocation);
  return {.output = invocation.output == Output::json ? json : render_text(table),
          .word = json.size() <= longest_word ? json : std::string{},
          .ending = table.ending,
          .exit = forgiven(table.ending.exit, invocation)};
}

Report report_of(const Diagnosis& diagnosis, const Invocation& invocation) {
  const std::string json = asked_json(diagnosis, invocation);
  return {.output = invocation.output == Output::json ? json : render_text(diagnosis),
          .word = word_of(diagnosis, json),
          .ending = diagnosis.ending,
          .exit = forgiven(diagnosis.ending.exit, invocation)};
}

// That they cannot be written changes nothing about the outcome.
void keep_metrics(const System& system, const Invocation& invocation, const Outcome& outcome) {
  if (invocation.metrics_file.empty() || invocation.writes == Writes::none) {
    return;
  }
  const auto failure = core::failure_of([&] {
    io::update_file(invocation.metrics_file, [&](const std::string& previous) {
      return render_metrics(outcome, system.clock.wall(), previous);
    });
  });
  if (failure) {
    system.log.write(io::Level::warning, "--metrics-file: {}", failure->what());
  }
}

Report change(System& system, const Invocation& invocation) {
  const Outcome outcome = invocation.command == Command::release ? release(system, invocation)
                                                                 : reconcile(system, invocation);
  keep_metrics(system, invocation, outcome);
  return report_of(outcome, invocation);
}

Report report_failure(const Invocation& asked, const core::Ending& ending) {
  const std::string& node = asked.config.node_name;
  switch (asked.command) {
    case Command::doctor:
      return report_of(Diagnosis{.ending = ending, .node = node}, asked);
    case Command::pool:
      return report_of(PoolTable{.ending = ending}, asked);
    default:
      return report_of(Outcome{.result = Outcome::Result::failed,
                               .ending = ending,
                               .command = std::string(facts_of(asked.command).name),
                               .node = node},
                       asked);
  }
}

}  // namespace

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
      return report_of(status(system, invocation), invocation);
    case Command::doctor:
      return report_of(doctor(system, invocation), invocation);
    case Command::pool:
      return report_of(read_pool(system, invocation), invocation);
  }
  return {};
}

}  // namespace app
