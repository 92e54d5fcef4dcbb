// SPDX-License-Identifier: Apache-2.0
#include "bench/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace bench {
namespace {

int requests_to(const Costs& costs, const std::string& server) {
  const auto found = costs.requests.find(server);
  return found == costs.requests.end() ? 0 : found->second;
}

std::string render_rows(const std::string& title, const std::vector<Costs>& rows) {
  std::string text =
      fmt::format("{:<18} {:>8} {:>8} {:>8} {:>8}   {:>4} {:>4} {:>4} {:>7} {:>4} {:>6}\n", title,
                  "wall", "CPU", "instr.", "peak", "DO", "meta", "kube", "connect", "TLS", "trips");
  for (const Costs& row : rows) {
    const std::string instructions =
        row.million_instructions ? fmt::format("{:.1f} M", *row.million_instructions) : "-";
    text += fmt::format(
        "{:<18} {:>5.1f} ms {:>5.1f} ms {:>8} {:>5.1f} MB   {:>4} {:>4} {:>4} {:>7} {:>4} {:>6}\n",
        row.subject, row.wall_ms, row.cpu_ms, instructions, row.peak_mb,
        requests_to(row, "digitalocean"), requests_to(row, "metadata"),
        requests_to(row, "kubernetes"), row.connections, row.handshakes, row.round_trips);
  }
  return text + "\n";
}

std::string at_most(const std::string& what, double found, double limit,
                    const std::string& unit = "") {
  return render_target({what, found, limit, unit});
}

std::string at_least(const std::string& what, double found, double limit) {
  return fmt::format("{}  {}: {:.4g}, at least {:g}\n", found >= limit ? "ok    " : "MISSED", what,
                     found, limit);
}

std::string against_reference(const std::string& run, const Costs& mine, const Costs& reference) {
  constexpr double share = 1.2;
  const std::string start = fmt::format("{}, × {}: ", run, reference.subject);
  return at_most(start + "wall", mine.wall_ms / reference.wall_ms, share) +
         at_most(start + "CPU", mine.cpu_ms / reference.cpu_ms, share) +
         at_most(start + "instructions",
                 mine.million_instructions.value() / reference.million_instructions.value(),
                 share) +
         at_most(start + "peak memory", mine.peak_mb / reference.peak_mb, share);
}

std::string render_targets(const Result& result) {
  const Costs& steady = of(result.steady, ours);
  std::string text = "targets\n";
  text += at_most("steady run: round trips", steady.round_trips, 1);
  text += at_most("steady run: DigitalOcean calls", requests_to(steady, "digitalocean"), 0);
  text += against_reference("steady run", steady, of(result.steady, floor_program));
  text += at_least("steady run: times less CPU than the shell with curl",
                   of(result.steady, shell).cpu_ms / steady.cpu_ms, 5);
  text += at_most("first claim: DigitalOcean calls",
                  requests_to(of(result.first_claim, ours), "digitalocean"), 4);
  text += at_most(fmt::format("first claim: end after the address is ours, assigned in {} ms with "
                              "{} calls",
                              result.waiting.latency_ms, result.waiting.calls),
                  result.waiting.tail_ms, 300, " ms");
  text +=
      against_reference("no match", of(result.no_match, ours), of(result.no_match, empty_program));
  text += at_most("binary, stripped", static_cast<double>(result.sizes.binary) / 1e6, 1, " MB");
  for (const auto& targets : {destination_targets(result), image_targets(result)}) {
    for (const Target& target : targets) {
      text += render_target(target);
    }
  }
  return text;
}

double instructions(const Costs& costs) {
  return costs.million_instructions.value();
}

}  // namespace

bool is_met(const Target& target) {
  return target.found <= target.limit;
}

std::string render_target(const Target& target) {
  return fmt::format("{}  {}: {:.4g}{}, at most {:g}{}\n", is_met(target) ? "ok    " : "MISSED",
                     target.what, target.found, target.unit, target.limit, target.unit);
}

std::vector<Target> image_targets(const Result& result) {
  const Costs& steady = of(result.steady, in_image);
  const Costs& floor = of(result.steady, floor_program);
  return {
      {"image, steady run, × floor: instructions", instructions(steady) / instructions(floor), 0.7},
      {"image, steady run, × floor: peak memory", steady.peak_mb / floor.peak_mb, 0.7},
      {"image, no match, × empty: instructions",
       instructions(of(result.no_match, in_image)) /
           instructions(of(result.no_match, empty_program)),
       0.3},
      {"image, unpacked", static_cast<double>(result.sizes.image) / 1e6, 15, " MB"},
      {"image, to pull", static_cast<double>(result.sizes.layer) / 1e6, 6, " MB"}};
}

std::vector<Target> destination_targets(const Result& result) {
  const Costs& one = of(result.destinations, one_destination);
  const Costs& many = of(result.destinations, many_destinations);
  return {{"steady run, 10000 destinations × 1: instructions",
           instructions(many) / instructions(one), 1.5}};
}

const Costs& of(const std::vector<Costs>& all, const std::string& subject) {
  const auto found = std::ranges::find(all, subject, &Costs::subject);
  if (found == all.end()) {
    throw std::runtime_error("nothing was measured of " + subject);
  }
  return *found;
}

std::string render_table(const Result& result) {
  return render_rows("steady run", result.steady) + render_rows("first claim", result.first_claim) +
         render_rows("first claim", result.with_cilium) + render_rows("no match", result.no_match) +
         render_rows("destinations", result.destinations) +
         fmt::format("{:.2f} MB program, {:.1f} MB with the {} libraries that it loads\n\n",
                     static_cast<double>(result.sizes.binary) / 1e6,
                     static_cast<double>(result.sizes.mapped) / 1e6, result.sizes.libraries) +
         render_targets(result);
}

}  // namespace bench
