// SPDX-License-Identifier: Apache-2.0
#include "contract.hpp"

#include <doctest/doctest.h>

using contract::admin;
using contract::blames;
using contract::Cleaner;
using contract::event;
using contract::events;
using contract::Json;
using contract::refused;
using contract::Reply;
using contract::says;

namespace {

Json with(Json object, const std::string& key, const Json& value) {
  object[key] = value;
  return object;
}

Json without(Json object, const std::string& key) {
  object.erase(key);
  return object;
}

}  // namespace

TEST_CASE("events: Event, is stored unchanged, once under its name") {
  const std::string name = contract::unique_name("node-1");
  const Cleaner cleaner(events() + "/" + name);
  const Json wanted = event(name);
  const Reply made = admin().post(events(), wanted);
  CHECK(made.status == 201);
  for (const char* key : {"eventTime", "reportingController", "reportingInstance", "regarding",
                          "type", "reason", "action", "note"}) {
    CAPTURE(key);
    CHECK(made.body.at(key) == wanted.at(key));
  }
  const Reply again = admin().post(events(), with(wanted, "note", "something else"));
  CHECK(refused(again, 409, "AlreadyExists"));
  CHECK(says(again, "\"" + name + "\" already exists"));
  const Json all = admin().get(events()).body;
  CHECK(all.at("kind") == "EventList");
  int found = 0;
  for (const Json& item : all.at("items")) {
    found += item.at("metadata").at("name") == name ? 1 : 0;
  }
  CHECK(found == 1);
}

TEST_CASE("events: invalid Event, is refused") {
  const std::string name = contract::unique_name("node-1");
  const Cleaner cleaner(events() + "/" + name);
  const Json good = event(name);
  struct Wrong {
    Json event;
    std::string field, message;
  };
  const std::string long_text(129, 'a');
  for (const Wrong& wrong :
       {Wrong{without(good, "eventTime"), "eventTime", "Required value"},
        Wrong{without(good, "reportingController"), "reportingController", "Required value"},
        Wrong{with(good, "reportingController", "no blanks"), "reportingController",
              "name part must consist of"},
        Wrong{with(good, "reportingController", "a/b/c"), "reportingController",
              "a qualified name must consist of"},
        Wrong{without(good, "reportingInstance"), "reportingInstance", "Required value"},
        Wrong{with(good, "reportingInstance", long_text), "reportingInstance",
              "can have at most 128 characters"},
        Wrong{without(good, "action"), "action", "Required value"},
        Wrong{with(good, "action", long_text), "action", "can have at most 128 characters"},
        Wrong{without(good, "reason"), "reason", "Required value"},
        Wrong{with(good, "reason", long_text), "reason", "can have at most 128 characters"},
        Wrong{with(good, "note", std::string(1025, 'a')), "message",
              "can have at most 1024 characters"},
        Wrong{with(good, "type", "Error"), "type", "has invalid value: Error"},
        Wrong{without(good, "type"), "type", "has invalid value: "},
        Wrong{with(good, "deprecatedCount", 1), "count", "needs to be unset"},
        Wrong{with(good, "series", {{"count", 1}, {"lastObservedTime", good.at("eventTime")}}),
              "series.count", "should be at least 2"},
        Wrong{with(good, "metadata", {{"name", "Upper"}}), "metadata.name",
              "a lowercase RFC 1123 subdomain must"}}) {
    CAPTURE(wrong.event.dump());
    const Reply reply = admin().post(events(), wrong.event);
    CHECK(refused(reply, 422, "Invalid"));
    CHECK(says(reply, " is invalid: "));
    CHECK(says(reply, wrong.message));
    CHECK(blames(reply, wrong.field));
  }
  CHECK(refused(admin().post(events(), with(good, "eventTime", "2026-11-01T10:00:00Z")), 400,
                "BadRequest"));
  CHECK(refused(admin().get(cleaner.path()), 404, "NotFound"));
}

TEST_CASE("events: longest valid Event, is stored") {
  const std::string name = contract::unique_name("node-1");
  const Cleaner cleaner(events() + "/" + name);
  Json wanted = with(event(name), "note", std::string(1024, 'n'));
  for (const char* key : {"reportingInstance", "action", "reason"}) {
    wanted[key] = std::string(128, 'a');
  }
  CHECK(admin().post(events(), with(wanted, "type", "Warning")).status == 201);
}

TEST_CASE("events: Event about an object without a namespace, belongs in default") {
  const std::string name = contract::unique_name("node-1");
  Json wanted = event(name);
  wanted["metadata"].erase("namespace");
  const Reply elsewhere = admin().post(events(contract::own_namespace()), wanted);
  CHECK(refused(elsewhere, 422, "Invalid"));
  CHECK(says(elsewhere, "does not match event.namespace"));
  CHECK(blames(elsewhere, "involvedObject.namespace"));
  const Cleaner cleaner(events("kube-system") + "/" + name);
  CHECK(admin().post(events("kube-system"), wanted).status == 201);
  CHECK(refused(admin().post(events(), with(wanted, "metadata",
                                            {{"name", name}, {"namespace", "kube-system"}})),
                400, "BadRequest"));
}
