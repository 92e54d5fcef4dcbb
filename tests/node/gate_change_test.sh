#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gateTaint renamed and removed in the values while the node is gated: no gate stays shut unsaid.
# Usage: tests/node/in-world tests/node/gate_change_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1

# Of all that are on the Node, those that this is about.
has_gates() { # KEY…
    local keys
    keys=$(kubectl get node egress-a --output json |
        jq --raw-output '[.spec.taints[]?.key | select(startswith("gate-"))] | sort | join(" ")')
    [ "$keys" = "$*" ] || { echo "taints: $keys" && return 1; }
}
steal() { lab sim POST /assign/198.51.100.1 "{\"droplet\": $(droplet_of other)}"; }

# The node pool has two taints: the gate, and one that was the gate before.
value=gate-of-do-egress-ip
taint() { echo "{\"key\": \"$1\", \"value\": \"$value\", \"effect\": \"NoSchedule\"}"; }
make_nodes 1 $pool "[$(taint gate-old), $(taint gate-one)]"
check 'before: both taints are there' has_gates gate-old gate-one
lab droplet other 10
start_clients
check 'helm install' install $pool --set gateTaint=gate-one=$value:NoSchedule --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
check 'the node has no gate' within 30 has_gates
steal
check 'address lost: the gate is shut' within 60 has_gates gate-one
check 'renamed: helm upgrade' install $pool --set gateTaint=gate-two:NoSchedule --wait --timeout 3m
check 'renamed: only the new taint is there' within 120 has_gates gate-two
check 'removed: helm upgrade' install $pool --wait --timeout 3m
check 'removed: no taint is there' within 120 has_gates
check 'removed: the label is false' has_label egress-a "$enabled" false
lab sim POST /unassign/198.51.100.1
check 'given back: the node has egress' within 90 has_egress egress-a

check 'gated again: helm upgrade' install $pool --set gateTaint=gate-one:NoSchedule --wait --timeout 3m
steal
check 'gated again: the gate is shut' within 60 has_gates gate-one
check 'mode release without gateTaint: helm upgrade' install $pool --set mode=release --wait --timeout 3m
check 'mode release without gateTaint: no taint is there' within 120 has_gates
check 'mode release without gateTaint: its pod is ready' within 60 \
    kubectl --namespace "$namespace" rollout status daemonset/do-egress-ip --timeout 0s
exit "$failed"
