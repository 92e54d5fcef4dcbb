#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three nodes: the chart installed, tested, and taken away again by way of `mode: release`.
# Usage: tests/node/in-world tests/node/install_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
nodes=(egress-a egress-b egress-c)
pool=198.51.100.1-3

make_nodes 3 $pool
start_clients
check 'before: all nodes are seen as themselves' \
    test "$(seen_from_pod egress-a)" = "$(jq --raw-output .public /run/lab/egress-a.json)"
check 'helm install' install $pool --wait --timeout 3m
check 'the internet sees the reserved IP, of nodes and pods, and labels say it' \
    within 120 all_have_egress "${nodes[@]}"
check 'helm test' helm test do-egress-ip --namespace "$namespace" --logs --timeout 2m

check 'an Event tells it' has_event egress-a EgressIPAssigned

no_restarts() {
    kubectl --namespace "$namespace" get pods --output json |
        jq --exit-status '[.items[].status.containerStatuses[]?.restartCount] | add == 0'
}
check 'no container was started twice' no_restarts
check 'kubectl logs and exec pass the switched node' program_on egress-b status

nobody_holds() { lab sim GET /world | jq --exit-status 'all(.addresses[]; .droplet == null)'; }
no_trace() { # NODE
    is_public "$1" && not grep -E 'proto 17[34]' <(lab exec "$1" ip route show table all)
}
check 'mode release: helm upgrade succeeds' \
    helm upgrade do-egress-ip "$chart" --namespace "$namespace" --reuse-values --set mode=release --wait
check 'mode release: all addresses are free' within 90 nobody_holds
for name in "${nodes[@]}"; do check "mode release: $name is as before" within 60 no_trace "$name"; done
check 'helm uninstall' helm uninstall do-egress-ip --namespace "$namespace" --wait
exit "$failed"
