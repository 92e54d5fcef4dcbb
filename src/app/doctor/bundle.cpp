// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/bundle.hpp"

#include "cloud/excerpt.hpp"
#include "cloud/kubernetes.hpp"
#include "core/doctor/bundle.hpp"
#include "core/doctor/kernel_text.hpp"
#include "core/text.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <sstream>

namespace app {
namespace {

using core::Section;
using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

Section describe_program(const System& system, const core::Examination& facts) {
  return {"program",
          {"version: " DO_EGRESS_IP_VERSION, "time: " + cloud::micro_time(system.clock.wall()),
           fmt::format("vendor of the machine: {}", facts.host.vendor.value_or("unknown"))}};
}

Section describe_system(const std::string& root) {
  Lines lines = lines_of(read_text(root + "/etc/os-release").value_or(""));
  std::erase_if(lines, [](const std::string& line) { return !line.starts_with("PRETTY_NAME="); });
  lines.push_back("kernel: " + std::string(core::trim(
                                   read_text(root + "/proc/sys/kernel/osrelease").value_or(""))));
  return {"system", lines};
}

Section describe_options(const Invocation& invocation) {
  Section section{"options"};
  for (const Setting& setting : invocation.settings) {
    Lines values;
    std::ranges::transform(setting.values, std::back_inserter(values),
                           [](const auto& value) { return core::without_query(value); });
    section.lines.push_back(fmt::format("{} = {}   ({})", setting.name,
                                        core::escape(fmt::format("{}", fmt::join(values, ", "))),
                                        setting.origin));
  }
  return section;
}

Section describe_requests(const std::vector<Exchange>& exchanges) {
  Section section{"requests"};
  for (const Exchange& exchange : exchanges) {
    section.lines.push_back(
        fmt::format("{} {}: {}", exchange.method, core::escape(exchange.url),
                    exchange.status == 0 ? "no reply" : fmt::format("{}", exchange.status)));
  }
  return section;
}

void add_kernel(std::vector<Section>& sections, io::Kernel& kernel) {
  core::KernelDump dump;
  const auto failure = core::catch_error_except_signals([&] { dump = kernel.dump(); });
  if (failure) {
    sections.push_back({"kernel", {failure->what()}});
  }
  sections.push_back({"links", core::render_links(dump)});
  sections.push_back({"addresses", core::render_addresses(dump)});
  sections.push_back({"rules", core::render_rules(dump)});
  sections.push_back({"routes", core::render_routes(dump)});
}

// The body of the reply to the request whose URL ends so.
std::string_view body_of(const std::vector<Exchange>& exchanges, std::string_view end) {
  const auto found = std::ranges::find_if(exchanges, [&](const Exchange& exchange) {
    return exchange.status == 200 && exchange.url.ends_with(end);
  });
  return found == exchanges.end() ? std::string_view{} : found->body;
}

void add_replies(std::vector<Section>& sections, const std::vector<Exchange>& exchanges,
                 const core::Config& asked) {
  sections.push_back(
      {"metadata", cloud::excerpt_metadata(body_of(exchanges, "/metadata/v1.json"))});
  sections.push_back(
      {"node", cloud::excerpt_node(body_of(exchanges, "/api/v1/nodes/" + asked.node_name),
                                   {asked.enabled_label, asked.address_label, asked.pod_label})});
  sections.push_back(
      {"cilium-config", cloud::excerpt_cilium(body_of(exchanges, "/configmaps/cilium-config"))});
}

// Tokens whose form core::redact() does not know are hidden by their value. One that is shorter
// than any real token would hide harmless letters everywhere.
std::vector<core::Hidden> find_secrets(const Invocation& invocation) {
  std::vector<core::Hidden> secrets;
  constexpr std::size_t shortest = 4;
  const auto add = [&](const Access& access) {
    cloud::Secret token;
    static_cast<void>(core::catch_error_except_signals([&] { token = access.token(); }));
    if (token.value.size() >= shortest) {
      secrets.push_back({.text = std::move(token.value)});
    }
  };
  add(invocation.digitalocean);
  if (invocation.kubernetes) {
    add(*invocation.kubernetes);
  }
  return secrets;
}

}  // namespace

std::string render_bundle(System& system, const Invocation& invocation,
                          const core::Examination& facts, const std::vector<Exchange>& exchanges,
                          const std::string& checks) {
  std::vector<Section> sections = {describe_program(system, facts),
                                   describe_system(invocation.root), describe_options(invocation),
                                   Section{"doctor", lines_of(checks)},
                                   describe_requests(exchanges)};
  add_kernel(sections, system.kernel);
  std::ranges::move(core::describe_facts(facts), std::back_inserter(sections));
  add_replies(sections, exchanges, invocation.config);
  std::vector<core::Hidden> hidden = find_secrets(invocation);
  std::ranges::move(core::find_identity(facts), std::back_inserter(hidden));
  return core::render_bundle(sections, hidden);
}

void write_bundle(const std::string& path, const std::string& text) {
  path == "-" ? io::write_stdout(text) : io::create_file(path, text);
}

}  // namespace app
