// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

// A Kubernetes API over plain HTTP(S), as the contract suite sees it. Environment variables set it
// up: see contract.cpp.
namespace contract {

using Json = nlohmann::json;

struct Reply {
  int status = 0;
  Json body = nullptr;
  std::string date = {}, warning = {};
};

struct Body {
  std::string text = {};
  std::string type = "application/json";
};

// A client, identified by a token.
class Caller {
 public:
  explicit Caller(std::string token) : token_(std::move(token)) {}

  // Fails the test without a reply.
  Reply send(const std::string& method, const std::string& path, const Body& body = {}) const;

  Reply get(const std::string& path) const { return send("GET", path); }
  Reply post(const std::string& path, const Json& body) const {
    return send("POST", path, {.text = body.dump()});
  }
  Reply put(const std::string& path, const Json& body) const {
    return send("PUT", path, {.text = body.dump()});
  }
  Reply remove(const std::string& path, const Json& options = nullptr) const {
    return send("DELETE", path, {.text = options.is_null() ? "" : options.dump()});
  }
  Reply merge(const std::string& path, const Json& patch) const {
    return send("PATCH", path, {.text = patch.dump(), .type = "application/merge-patch+json"});
  }

 private:
  std::string token_;
};

Caller admin();
Caller service_account();                 // bound to own_node()
std::optional<Caller> expired_account();  // the same after its expiry
std::string own_node();
std::string own_namespace();

// Whether a reply is a Status object with that refusal.
bool refused(const Reply& reply, int status, const std::string& reason);
// Whether its message contains the text.
bool says(const Reply& reply, const std::string& part);
// Whether one of its causes names the field.
bool blames(const Reply& reply, const std::string& field);

// Different at each call, so that suites on the same server do not meet.
std::string unique_name(const std::string& start);

// Deletes the object at a path at the end of a test.
class Cleaner {
 public:
  explicit Cleaner(std::string path) : path_(std::move(path)) {}
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;
  ~Cleaner();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A Node for the test, created by the administrator.
class OwnNode {
 public:
  explicit OwnNode(const Json& labels = Json::object(), const Json& taints = Json::array());
  const std::string& name() const { return name_; }
  const std::string& path() const { return cleaner_.path(); }
  std::string uid() const { return made_.at("metadata").at("uid"); }
  std::string version() const { return read().at("metadata").at("resourceVersion"); }
  Json read() const { return admin().get(path()).body; }

 private:
  std::string name_ = unique_name("contract");
  Cleaner cleaner_{"/api/v1/nodes/" + name_};
  Json made_;
};

std::string leases(const std::string& name_space = own_namespace());
std::string events(const std::string& name_space = "default");

// A Lease like the program's, owned by a Node if its uid is given.
Json lease(const std::string& name, const std::string& holder, const std::string& node_uid = {});
Json event(const std::string& name);

}  // namespace contract
