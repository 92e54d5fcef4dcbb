// SPDX-License-Identifier: Apache-2.0
#include "core/model.hpp"

#include "support/builders.hpp"

#include <doctest/doctest.h>

// A run recognises a repeated step by this.
TEST_CASE("model: two actions, are equal if they do the same to the same target") {
  const core::Route route{.via = {support::public_gateway, support::eth0}};
  const core::Route other{.via = {support::anchor_gateway, support::eth0}};
  const auto address = support::first_choice;
  const std::vector<core::Action> actions = {core::SetRoute{route},
                                             core::SetRoute{other},
                                             core::RemoveRoute{route},
                                             core::AddRule{{.priority = 1}},
                                             core::AddRule{{.priority = 2}},
                                             core::RemoveRule{{.priority = 1}},
                                             core::SetMarking{address},
                                             core::RemoveMarking{},
                                             core::ReplaceDefault{route},
                                             core::ReplaceDefault{other},
                                             core::SetDestinations{{route}},
                                             core::RemoveDestinations{{route}},
                                             core::AcquireLease{address},
                                             core::AcquireLease{address, true},
                                             core::ReleaseLease{address},
                                             core::AssignFloatingIp{address, 1},
                                             core::AssignFloatingIp{address, 2},
                                             core::UnassignFloatingIp{address, 1},
                                             core::PatchNode{"node", {}, {}},
                                             core::PatchNode{"node", {{"label", "true"}}, {}}};
  for (std::size_t left = 0; left < actions.size(); ++left) {
    for (std::size_t right = 0; right < actions.size(); ++right) {
      CHECK((actions[left] == actions[right]) == (left == right));
    }
  }
}
