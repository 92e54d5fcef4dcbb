// SPDX-License-Identifier: Apache-2.0
#include "cloud/events.hpp"

#include "core/redact.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace cloud {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr seconds once_in{600};
constexpr std::size_t longest_note = 1024;  // validateV1Event, pkg/apis/core/validation/events.go
constexpr std::size_t longest_name = 230;   // of the Node, so that 253 are left for the whole
constexpr std::size_t longest_instance = 128;

// FNV-1a, which is the same on every machine.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  }
  return hash;
}

// Valid UTF-8, since a stranger's words may be in it, of at most `most` bytes.
std::string fitted(const std::string& text, std::size_t most) {
  const std::string written = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  auto valid = json::parse(written).get<std::string>();
  std::size_t end = std::min(valid.size(), most);
  while (end < valid.size() && (static_cast<unsigned char>(valid[end]) & 0xc0U) == 0x80U) {
    --end;  // not within a letter
  }
  return valid.substr(0, end);
}

}  // namespace

void record(Kubernetes& kubernetes, const core::NodeEvent& event, const std::string& node,
            const std::string& node_uid) {
  core::attempt(fmt::format("write the Event {}", event.reason), [&] {
    const seconds now = kubernetes.time();
    const std::string facts =
        fmt::format("{}|{}|{}|{}", node_uid, event.reason, event.note, now / once_in);
    const json body = {
        {"apiVersion", "events.k8s.io/v1"},
        {"kind", "Event"},
        {"metadata",
         {{"name", fmt::format("{}.{:016x}", node.substr(0, longest_name), fingerprint(facts))},
          {"namespace", "default"}}},
        {"eventTime", fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000Z", fmt::gmtime(now.count()))},
        {"reportingController", "do-egress-ip"},
        {"reportingInstance", node.substr(0, longest_instance)},
        {"regarding", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", node_uid}}},
        {"type", event.type == core::NodeEvent::Type::normal ? "Normal" : "Warning"},
        {"reason", event.reason},
        {"action", event.action},
        {"note", fitted(core::redacted(event.note), longest_note)}};
    const io::Response response =
        kubernetes.send("POST", "/apis/events.k8s.io/v1/namespaces/default/events", body);
    const bool told_before = response.status == 409;
    if (!told_before && response.status / 100 != 2) {
      throw refusal(response);
    }
  });
}

}  // namespace cloud
