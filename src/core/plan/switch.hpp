// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <vector>

// The order of a switch of the default route (prepare, prove, switch, confirm), and its rollback.
namespace core {

// Adds the steps of a switch. Returns false if a proof is needed first, and adds that need.
bool switch_routes(Plan& plan, const Observation& found, const Config& asked, const Paths& paths);

// An undo that ends with `ending`, or with Exit::degraded and no steps if an undo failed before.
Plan put_back(const Observation& found, Ending ending);

// The same, where egress did not show, or the kernel refused a part of it; then the Node is told.
Plan roll_back(const Observation& found, const Config& asked, Ending ending);

// Nothing is proven: the Node says so, and destinations are unreachable.
Plan end_closed(const Observation& found, const Config& asked, Ending ending);

// Without metadata nothing can be proven.
Plan end_without_droplet(const Observation& found, const Config& asked);

// The network as it will be once `steps` are done, as far as its default and destinations go.
Network with_changes(Network network, const std::vector<Step>& steps);

// What the kernel alone shows to be wrong, which needs no server to be said; more if the droplet's
// paths are known.
std::optional<Ending> wrong_by_kernel(const Network& network, const Config& asked,
                                      const Paths* paths = nullptr);
std::optional<Ending> overruled(const Network& network, const Config& asked);

// Whether everything that is asked for leads through the anchor, and a proof confirmed it.
bool is_confirmed(const Network& network, const Config& asked);
// Whether a proven part of it does, and nothing waits for its proof: a new destination is closed,
// but says nothing against the egress that there is.
bool is_egress_shown(const Network& network, const Config& asked);
// Whether anything leads there that waits for its proof.
bool is_unconfirmed(const Network& network);
// Whether an earlier run's proof is doubtful, because Kubernetes does not answer by that path.
bool is_doubtful(const Observation& found, const Config& asked);

// Whether any server accepts a connection from the public address, and then the same server one
// from the anchor address.
struct PathAnswers {
  bool by_public = false;
  bool by_anchor = false;
};
enum class PathVerdict { anchor_works, anchor_fails, nothing_answers };

// Whether a failed proof leaves open which path failed, so that both must be compared: the default
// was proven before, and no server saw a wrong address.
bool must_compare_paths(const Observation& found, const Config& asked, const Error& failure);
// Blames the anchor only if the server answered the public address just before: one that came back
// meanwhile answers both.
PathVerdict compare_paths(PathAnswers answers);

// The endings of a run without a proof, and of a run without the right to change the network.
Ending not_proven(const Error& why);
Ending no_rights();

}  // namespace core
