// SPDX-License-Identifier: Apache-2.0
// A kernel that refuses changes, and one whose netlink fails at times. S17 and S18 of the field
// cases.
#include "window.hpp"

#include <algorithm>
#include <cerrno>
#include <map>

using dirty::DirtyNode;
using dirty::verify;
using namespace window;
using support::Json;
using support::Run;

namespace {

support::Command with_kernel(const Node& node, const std::map<std::string, int>& refusals) {
  support::Variables variables = {{"LD_PRELOAD", REFUSING_KERNEL},
                                  {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
  for (const auto& [name, value] : refusals) {
    variables[name] = std::to_string(value);
  }
  return node.command(verify, variables);
}

// Resets the node to its state after boot, without an address.
void reset(const Node& node) {
  dirty::free_pool(node);
  node.world.sim("PUT", "/nodes/node-1", {{"labels", Json::object()}});
  node.world.lab({"boot", node.droplet.name});
}

}  // namespace

TEST_CASE("switch S17: a refused change and no netlink after it: a documented code and a word") {
  const DirtyNode node("classic");
  const std::string before = default_route(node);
  int refusals = 0;
  for (const int error : {EMFILE, ENOMEM, EPERM}) {
    for (const int nth : {1, 2, 5, 11, 13, 14, 15, 17}) {
      CAPTURE(error);
      CAPTURE(nth);
      const Run run =
          support::run(with_kernel(node, {{"REFUSE_CHANGE", nth}, {"REFUSE_SOCKET", error}}));
      INFO(run.out, run.err);
      CHECK(Json::parse(run.out).at("exit").at("code") == run.exit);
      if (run.exit == 0) {  // the change is optional, or there are no more changes
        node.check_egress();
      } else {
        ++refusals;
        const std::vector<int> documented = {13, 14, 71, 77};
        // A refused copy of the default is a default that cannot come back: 78, see the manual.
        const bool is_copy = run.err.find("the kernel refuses an exact copy") != std::string::npos;
        CHECK(is_copy == (run.exit == 78));
        CHECK((is_copy ||
               std::find(documented.begin(), documented.end(), run.exit) != documented.end()));
        CHECK(support::errors(run).size() == 1);
        wait_until([&] { return default_route(node) == before; }, std::chrono::seconds(10));
        check_rolled_back(node, before);
      }
      reset(node);
    }
  }
  CHECK(refusals >= 3 * 5);
  node.run(0, verify);
  node.check_egress();
}

TEST_CASE("switch S18: EINTR or ENOBUFS on a netlink socket is asked again") {
  const DirtyNode node("classic");
  for (const int error : {EINTR, ENOBUFS}) {
    for (const int nth : {1, 2, 3, 5, 8, 12, 17, 24}) {
      CAPTURE(error);
      CAPTURE(nth);
      const Run run =
          support::run(with_kernel(node, {{"REFUSE_ANSWER", nth}, {"REFUSE_WITH", error}}));
      Node::result_of(run, 0);
      node.check_egress();
      reset(node);
    }
  }
}
