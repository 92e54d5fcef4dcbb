// SPDX-License-Identifier: Apache-2.0
#include "cloud/kubernetes.hpp"

#include "cloud/date.hpp"
#include "cloud/json.hpp"

namespace cloud {
namespace {

using nlohmann::json;

// The message of a Status object; a proxy may answer something else.
std::string status_message(const io::Response& response) {
  const json body = json::parse(response.body, nullptr, false);
  const json* message = member(body, "message");
  return message != nullptr && message->is_string() ? message->get<std::string>() : "";
}

std::string text(const json& object, const char* key) {
  const json* value = member(object, key);
  return value == nullptr ? std::string{} : value->get<std::string>();
}

core::Taint taint_of(const json& entry) {
  return {.key = entry.at("key").get<std::string>(),
          .value = text(entry, "value"),
          .effect = entry.at("effect").get<std::string>(),
          .time_added = text(entry, "timeAdded")};
}

std::vector<core::Taint> taints_of(const json& spec) {
  std::vector<core::Taint> taints;
  if (const json* entries = member(spec, "taints")) {
    for (const json& entry : *entries) {
      taints.push_back(taint_of(entry));
    }
  }
  return taints;
}

core::Node node_of(const json& reply) {
  core::Node node;
  const json& metadata = reply.at("metadata");
  if (const json* labels = member(metadata, "labels")) {
    labels->get_to(node.labels);
  }
  node.uid = text(metadata, "uid");
  node.version = text(metadata, "resourceVersion");
  if (const json* spec = member(reply, "spec")) {
    node.provider_id = text(*spec, "providerID");
    node.taints = taints_of(*spec);
  }
  return node;
}

json render(const core::Taint& taint) {
  json entry = {{"key", taint.key}, {"effect", taint.effect}};
  if (!taint.value.empty()) {
    entry["value"] = taint.value;
  }
  if (!taint.time_added.empty()) {
    entry["timeAdded"] = taint.time_added;
  }
  return entry;
}

json merge_patch(const core::PatchNode& patch, const std::string& version) {
  json labels = json::object();
  for (const auto& [key, value] : patch.labels) {
    labels[key] = value ? json(*value) : json(nullptr);
  }
  json body = {{"metadata", {{"labels", labels}}}};
  if (patch.taints) {
    body["metadata"]["resourceVersion"] = version;
    json taints = json::array();
    for (const core::Taint& taint : *patch.taints) {
      taints.push_back(render(taint));
    }
    body["spec"]["taints"] = taints;
  }
  return body;
}

}  // namespace

core::Error refusal(const io::Response& response) {
  const std::string message = status_message(response);
  if (response.status == 401) {
    return core::Error(core::Exit::no_permission,
                       "Kubernetes refuses the service account token: {}", message)
        .with_hint("the token is wrong or expired; check --kube-token-file");
  }
  if (response.status == 403) {
    return core::Error(core::Exit::no_permission, "Kubernetes denies the call: {}", message)
        .with_hint(
            "the service account needs get and patch on nodes; create, get, update and delete on "
            "leases in its namespace; create on events in default");
  }
  const core::Error error(core::Exit::unavailable, "Kubernetes answered {}: {}", response.status,
                          message);
  const bool refused = response.status >= 400 && response.status < 500;
  return refused ? error.with_hint("an admission policy or a webhook may be in the way") : error;
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

io::Response Kubernetes::send(const std::string& method, const std::string& path,
                              const json& body) {
  auto message = request(method, path);
  message.headers.emplace_back("Content-Type: application/json");
  message.body = body.dump();
  return send(message);
}

void Kubernetes::note_time(const io::Response& response) {
  if (const std::string date = response.header("date"); !date.empty()) {
    date_ = date;
  }
}

std::chrono::seconds Kubernetes::time() const {
  const auto time = parse_date(date_);
  if (!time) {
    throw core::Error(core::Exit::software, "unexpected reply: \"{}\" is no Date", date_);
  }
  return *time;
}

io::Request Kubernetes::node_request(const std::string& node) {
  return request("GET", "/api/v1/nodes/" + node);
}

core::Node Kubernetes::decode_node(const std::string& node, const io::Response& response) {
  note_time(response);
  if (response.status == 404) {
    throw core::Error(core::Exit::gate_failed, "there is no Node \"{}\"", node)
        .with_hint("set --node-name to the Node of this droplet");
  }
  if (response.status != 200) {
    throw refusal(response);
  }
  return decode(response.body, node_of);
}

std::optional<core::Node> Kubernetes::patch_node(const core::PatchNode& patch,
                                                 const std::string& version) {
  return core::attempt(
      fmt::format("label Node {}", patch.node), [&]() -> std::optional<core::Node> {
        auto message = request("PATCH", "/api/v1/nodes/" + patch.node);
        message.headers.emplace_back("Content-Type: application/merge-patch+json");
        message.body = merge_patch(patch, version).dump();
        const io::Response response = send(message);
        const bool changed = response.status == 409 && patch.taints;
        return changed ? std::nullopt : std::optional(decode_node(patch.node, response));
      });
}

}  // namespace cloud
