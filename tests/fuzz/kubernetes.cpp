// SPDX-License-Identifier: Apache-2.0
// Replies of the Kubernetes API, a proxy or a webhook to any request.
#include "cloud/events.hpp"
#include "cloud/leases.hpp"
#include "core/plan/node.hpp"
#include "fuzz.hpp"
#include "support/fake_http.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace {

using core::Exit;
using nlohmann::json;
using std::chrono::seconds;

constexpr core::Ipv4 address{{198, 51, 100, 8}};
const core::Taint gate{.key = "egress.example/pending", .effect = "NoSchedule"};
const core::Config asked{.node_name = "node", .pool = {address}, .gate_taint = gate};

struct Stranger {
  explicit Stranger(support::FakeHttp& transport)
      : api(transport, "https://kube.test", "", [] { return cloud::Secret{"x"}; }) {}

  template <typename Call>
  void hear(Call&& call) {
    fuzz::failing_as({Exit::unavailable, Exit::try_again, Exit::no_permission, Exit::gate_failed,
                      Exit::software},
                     std::forward<Call>(call));
  }

  cloud::Kubernetes api;
};

bool is_gate(const core::Taint& taint) {
  return taint.key == gate.key && taint.effect == gate.effect;
}

std::vector<core::Taint> without_gate(std::vector<core::Taint> taints) {
  std::erase_if(taints, is_gate);
  return taints;
}

std::map<std::string, std::string> without_ours(std::map<std::string, std::string> labels) {
  labels.erase(asked.enabled_label);
  labels.erase(asked.address_label);
  return labels;
}

void require_truth(const core::Node& node, const std::optional<core::Ipv4>& egress) {
  const core::Node told = core::with_patch(node, asked, egress);
  fuzz::require(!core::node_patch(told, asked, egress), "what was told needs no telling");
  fuzz::require(egress.has_value() == core::is_labelled_true(told, asked),
                "a Node claims egress just where there is some");
  fuzz::require(without_gate(told.taints) == without_gate(node.taints), "others' taints stay");
  fuzz::require(without_ours(told.labels) == without_ours(node.labels), "others' labels stay");
}

// Reads our own patch back as the API server would return it.
void require_patch(const core::Node& node, const std::optional<core::Ipv4>& egress) {
  const auto step = core::node_patch(node, asked, egress);
  if (!step) {
    return;
  }
  const auto& patch = std::get<core::PatchNode>(step->action);
  support::FakeHttp http;
  http.handler = [](const io::Request& request) { return support::json_reply(request.body); };
  Stranger stranger(http);
  fuzz::require(patch.labels.size() == 2, "only our two labels are patched");
  core::Node echo;
  const auto failure = core::catch_error([&] {
    core::PatchNode set = patch;
    std::erase_if(set.labels, [](const auto& entry) { return !entry.second; });
    echo = stranger.api.patch_node(set, node.version).value();
  });
  fuzz::require(!failure, "a patch is sound");
  fuzz::require(!patch.taints || echo.taints == *patch.taints, "taints are written as they are");
}

void hear_node(Stranger& stranger, const io::Response& reply) {
  std::optional<core::Node> node;
  stranger.hear([&] { node = stranger.api.decode_node("node", reply); });
  for (const auto& egress : {std::optional(address), std::optional<core::Ipv4>{}}) {
    if (node) {
      require_truth(*node, egress);
      require_patch(*node, egress);
    }
  }
}

// Overwrites the Lease in the reply only under the version that was read.
void hear_lease(const io::Response& reply) {
  const cloud::Lease lease{.name_space = "egress",
                           .address = address,
                           .node = "node",
                           .node_uid = "uid",
                           .duration = seconds{180}};
  support::FakeHttp http;
  http.handler = [&](const io::Request& request) -> support::Reply {
    return request.method == "GET" ? reply
                                   : io::Response{.status = request.method == "POST" ? 409 : 200,
                                                  .headers = reply.headers};
  };
  Stranger stranger(http);
  stranger.hear([&] {
    stranger.api.send("GET", "/");
    const auto holder = cloud::acquire_lease(stranger.api, lease);
    fuzz::require(!holder || holder->left > seconds{0}, "who holds a Lease has time left");
    fuzz::require(!holder || http.sent.back().method == "GET", "a Lease in force is not written");
  });
  stranger.hear([&] { cloud::release_lease(stranger.api, lease); });
  for (const io::Request& request : http.sent) {
    if (request.method == "PUT") {
      const auto version = json::parse(reply.body).at("metadata").at("resourceVersion");
      fuzz::require(json::parse(request.body).at("metadata").at("resourceVersion") == version,
                    "a Lease is written as of the version that was read");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = fuzz::parse_response({reinterpret_cast<const char*>(data), size});
  support::FakeHttp http;
  http.handler = [&](const io::Request&) { return reply; };
  Stranger stranger(http);
  hear_node(stranger, reply);
  stranger.hear([&] { stranger.api.patch_node({"node", {}, std::nullopt}, "1"); });
  stranger.hear([&] {
    fuzz::require(stranger.api.time() > seconds{-62'200'000'000}, "a year has four digits");
  });
  stranger.hear([&] {
    cloud::write_event(stranger.api, {.reason = "EgressIPFailed", .note = reply.body}, "node",
                       "uid");
  });
  hear_lease(reply);
  return 0;
}
