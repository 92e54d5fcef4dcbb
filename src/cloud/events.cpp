// SPDX-License-Identifier: Apache-2.0
#include "cloud/events.hpp"

#include "core/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace cloud {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr seconds repeat_interval{600};
constexpr std::size_t longest_note = 1024;  // validateV1Event, pkg/apis/core/validation/events.go
constexpr std::size_t longest_name = 230;   // of the Node; the whole name has at most 253
constexpr std::size_t longest_instance = 128;

// FNV-1a, because std::hash differs between machines and the name must not.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  }
  return hash;
}

// At most `most` bytes of valid UTF-8: the text may quote a stranger.
std::string cut_to_fit(const std::string& text, std::size_t most) {
  const std::string written = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  auto valid = json::parse(written).get<std::string>();
  std::size_t end = std::min(valid.size(), most);
  while (end < valid.size() && (static_cast<unsigned char>(valid[end]) & 0xc0U) == 0x80U) {
    --end;  // never cut within a character
  }
  return valid.substr(0, end);
}

}  // namespace

void write_event(Kubernetes& kubernetes, const core::NodeEvent& event, const std::string& node,
                 const std::string& node_uid) {
  core::attempt(fmt::format("write the Event {}", event.reason), [&] {
    const seconds now = kubernetes.time();
    const auto when = event.repeats ? now / repeat_interval : now.count();
    const std::string facts = fmt::format("{}|{}|{}|{}", node_uid, event.reason, event.note, when);
    const json body = {
        {"apiVersion", "events.k8s.io/v1"},
        {"kind", "Event"},
        {"metadata",
         {{"name", fmt::format("{}.{:016x}", node.substr(0, longest_name), fingerprint(facts))},
          {"namespace", "default"}}},
        {"eventTime", micro_time(now)},
        {"reportingController", "do-egress-ip"},
        {"reportingInstance", node.substr(0, longest_instance)},
        {"regarding", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", node_uid}}},
        {"type", event.type == core::NodeEvent::Type::normal ? "Normal" : "Warning"},
        {"reason", event.reason},
        {"action", event.action},
        {"note", cut_to_fit(core::redact(event.note), longest_note)}};
    const io::Response response =
        kubernetes.send("POST", "/apis/events.k8s.io/v1/namespaces/default/events", body);
    const bool exists = response.status == 409;
    if (!exists && response.status / 100 != 2) {
      throw refusal_error(response);
    }
  });
}

}  // namespace cloud
