// SPDX-License-Identifier: Apache-2.0
#include "cloud/kubernetes.hpp"

#include "cloud/json.hpp"
#include "core/duration.hpp"
#include "core/text.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace cloud {
namespace {

using nlohmann::json;

// The message of a Status object, if the answer is one: a proxy may answer otherwise.
std::string status_message(const io::Response& response) {
  const std::string message = text_of(parse_or_discard(response.body), "message");
  return message.empty() ? "no reason given" : '"' + message + '"';
}

std::string text_in(const json& object, const char* key) {
  const json* value = find_member(object, key);
  return value == nullptr ? std::string{} : value->get<std::string>();
}

core::Taint parse_taint(const json& entry) {
  return {.key = entry.at("key").get<std::string>(),
          .value = text_in(entry, "value"),
          .effect = entry.at("effect").get<std::string>(),
          .time_added = text_in(entry, "timeAdded")};
}

std::vector<core::Taint> parse_taints(const json& spec) {
  std::vector<core::Taint> taints;
  if (const json* entries = find_member(spec, "taints")) {
    for (const json& entry : *entries) {
      taints.push_back(parse_taint(entry));
    }
  }
  return taints;
}

// Only the kubelet writes it, so an unexpected shape counts as unknown.
std::optional<core::Ipv4> find_internal_ip(const json& reply) {
  std::optional<core::Ipv4> internal;
  has_shape([&] {
    for (const json& address : reply.at("status").at("addresses")) {
      const bool wanted = !internal && address.at("type") == "InternalIP";
      internal = wanted ? core::Ipv4::parse(address.at("address").get<std::string>()) : internal;
    }
  });
  return internal;
}

core::Node parse_node(const json& reply) {
  core::Node node;
  const json& metadata = reply.at("metadata");
  if (const json* labels = find_member(metadata, "labels")) {
    labels->get_to(node.labels);
  }
  node.uid = text_in(metadata, "uid");
  node.version = text_in(metadata, "resourceVersion");
  if (const json* spec = find_member(reply, "spec")) {
    node.provider_id = core::escape(text_in(*spec, "providerID"));
    node.taints = parse_taints(*spec);
    node.pod_network = core::Prefix::parse(text_of(*spec, "podCIDR"));
  }
  node.internal_ip = find_internal_ip(reply);
  return node;
}

json render_taint(const core::Taint& taint) {
  json entry = {{"key", taint.key}, {"effect", taint.effect}};
  if (!taint.value.empty()) {
    entry["value"] = taint.value;
  }
  if (!taint.time_added.empty()) {
    entry["timeAdded"] = taint.time_added;
  }
  return entry;
}

json render_patch(const core::PatchNode& patch, const std::string& version) {
  json labels = json::object();
  for (const auto& [key, value] : patch.labels) {
    labels[key] = value ? json(*value) : json(nullptr);
  }
  json body = {{"metadata", {{"labels", labels}}}};
  if (patch.taints || patch.versioned) {
    body["metadata"]["resourceVersion"] = version;
  }
  if (patch.taints) {
    json taints = json::array();
    for (const core::Taint& taint : *patch.taints) {
      taints.push_back(render_taint(taint));
    }
    body["spec"]["taints"] = taints;
  }
  return body;
}

core::Error missing_node_error(const std::string& name) {
  return core::Error(core::Exit::gate_failed, "there is no Node {}", core::quote(name))
      .with_hint(
          "compare with kubectl get nodes; a deleted Node comes back when its kubelet restarts, "
          "and "
          "--node-name sets another name");
}

// Node names come from outside, and must not lead to another path of the API. Throws
// missing_node_error() for a name that no Node can have.
std::string node_path(const std::string& name) {
  const bool possible = std::ranges::all_of(name, [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '-' || letter == '.';
  });
  if (name.empty() || !possible || name.find("..") != std::string::npos) {
    throw missing_node_error(name);
  }
  return "/api/v1/nodes/" + name;
}

std::set<std::pair<std::string, std::string>> taint_ids(const std::vector<core::Taint>& taints) {
  std::set<std::pair<std::string, std::string>> ids;
  for (const core::Taint& taint : taints) {
    ids.emplace(taint.key, taint.effect);
  }
  return ids;
}

// A webhook may drop what was written, or restore what was removed.
void require_kept(const core::PatchNode& patch, const core::Node& node) {
  std::string changed =
      patch.taints && taint_ids(*patch.taints) != taint_ids(node.taints) ? "taints" : "";
  for (const auto& [key, value] : patch.labels) {
    const auto kept = node.labels.find(key);
    const auto now = kept == node.labels.end() ? std::nullopt : std::optional(kept->second);
    if (now != value) {
      changed = fmt::format("the label {}", key);
    }
  }
  if (!changed.empty()) {
    throw core::Error(core::Exit::gate_failed,
                      "the API server accepted the patch but did not keep {}", changed)
        .with_hint(
            "find the webhook or admission policy that changes it: kubectl get "
            "mutatingwebhookconfigurations,mutatingadmissionpolicies");
  }
}

}  // namespace

std::string micro_time(std::chrono::seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000Z", fmt::gmtime(time.count()));
}

core::Error refusal_error(const io::Response& response) {
  if (is_html(response)) {
    return html_error(response, "the Kubernetes API");
  }
  const std::string message = status_message(response);
  if (response.status == 401) {
    return core::Error(core::Exit::no_permission,
                       "Kubernetes refuses the service account token: {}", message)
        .with_hint("check --kube-token-file; the token is wrong or expired");
  }
  if (response.status == 403) {
    return core::Error(core::Exit::no_permission, "Kubernetes denies the call: {}", message)
        .with_hint(
            "grant the service account get and patch on nodes; create, get, update and delete on "
            "leases in its namespace; create on events in default");
  }
  const core::Error error(core::Exit::unavailable, "Kubernetes answered {}: {}", response.status,
                          message);
  const long status = response.status;
  const bool passes = status == 408 || status == 425 || status == 429;
  const bool refused = status >= 400 && status < 500 && !passes;
  return refused ? error.with_hint("look for an admission policy or a webhook that refuses it")
                 : error;
}

io::Request Kubernetes::request(const std::string& method, const std::string& path) {
  if (!token_) {
    token_ = read_token_();
  }
  return {.server = io::Server::kubernetes,
          .method = method,
          .url = url_ + path,
          .headers = {authorization(*token_), "Accept: application/json"},
          .ca_file = ca_file_};
}

io::Response Kubernetes::send(const io::Request& message) {
  io::Response response = http_.send(message);
  note_time(response);
  return response;
}

io::Response Kubernetes::send(const std::string& method, const std::string& path) {
  return send(request(method, path));
}

io::Request Kubernetes::request(const std::string& method, const std::string& path,
                                const json& body) {
  auto message = request(method, path);
  message.headers.emplace_back("Content-Type: application/json");
  message.body = body.dump();
  return message;
}

io::Response Kubernetes::send(const std::string& method, const std::string& path,
                              const json& body) {
  return send(request(method, path, body));
}

void Kubernetes::note_time(const io::Response& response) {
  if (const std::string date = response.header("date"); !date.empty()) {
    date_ = date;
  }
}

std::chrono::seconds Kubernetes::time() const {
  const auto time = core::parse_date(date_);
  if (!time) {
    throw unexpected_reply(core::quote(date_) + " is no Date");
  }
  return *time;
}

io::Request Kubernetes::node_request(const std::string& node) {
  return request("GET", node_path(node));
}

core::Node Kubernetes::decode_node(const std::string& node, const io::Response& response) {
  note_time(response);
  if (response.status == 404 && !is_html(response)) {
    throw missing_node_error(node);
  }
  if (response.status != 200) {
    throw refusal_error(response);
  }
  return decode(response.body, parse_node);
}

std::optional<core::Node> Kubernetes::patch_node(const core::PatchNode& patch,
                                                 const std::string& version) {
  return core::attempt(fmt::format("label Node {}", patch.node),
                       [&]() -> std::optional<core::Node> {
                         auto message = request("PATCH", node_path(patch.node));
                         message.headers.emplace_back("Content-Type: application/merge-patch+json");
                         message.body = render_patch(patch, version).dump();
                         const io::Response response = send(message);
                         if (response.status == 409 && (patch.taints || patch.versioned)) {
                           return std::nullopt;
                         }
                         core::Node node = decode_node(patch.node, response);
                         require_kept(patch, node);
                         return node;
                       });
}

}  // namespace cloud
