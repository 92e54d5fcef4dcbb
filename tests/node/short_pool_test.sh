#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three nodes and two free addresses: the third node waits, says so, and holds nobody up.
# Usage: tests/node/in-world tests/node/short_pool_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-3

# The names of the nodes with this value of the label, one a line.
nodes_with() { # VALUE
    kubectl get nodes --selector "$enabled=$1" \
        --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
}
are_labelled() { [ "$(nodes_with "$1" | wc -l)" = "$2" ]; } # VALUE COUNT

# What `kubectl describe pod` shows, once the probe has run.
says_why() { # NODE
    kubectl --namespace "$namespace" describe "$(ours_on "$1")" | tee /dev/stderr |
        grep -E '^ +Warning +Unhealthy .* exit 10: .{10,300}$'
}
runs_version() { # NODE VALUE: of the annotation
    [ "$(kubectl --namespace "$namespace" get "$(ours_on "$1")" \
        --output 'jsonpath={.metadata.annotations.version}')" = "$2" ]
}

make_nodes 3 $pool
lab droplet other 10
lab sim POST /assign/198.51.100.3 "{\"droplet\": $(droplet_of other)}"
start_clients
check 'pool short: helm install --wait succeeds' install $pool --wait --timeout 3m \
    --set-string podAnnotations.version=one
check 'pool short: two nodes have egress' within 120 are_labelled true 2
check 'pool short: the third node is labelled false' within 60 are_labelled false 1
mapfile -t lucky < <(nodes_with true)
waiting=$(nodes_with false)
check 'pool short: the internet sees both reserved IPs' all_have_egress "${lucky[@]}"
check 'pool short: the third node keeps its public address' is_public "$waiting"
check 'pool short: the Node has an Event' within 30 has_event "$waiting" PoolExhausted
check 'pool short: describe pod gives the reason in one line' within 60 says_why "$waiting"

check 'rollout: helm upgrade --wait succeeds' install $pool --wait --timeout 3m \
    --set-string podAnnotations.version=two
for name in "${lucky[@]}" "$waiting"; do
    check "rollout: $name runs the new pod" within 60 runs_version "$name" two
done
check 'rollout: both nodes keep their egress' all_have_egress "${lucky[@]}"

lab sim POST /unassign/198.51.100.3
check 'address becomes free: the third node claims it' within 90 has_egress "$waiting"
check 'address becomes free: its pod is ready' within 60 \
    kubectl --namespace "$namespace" rollout status daemonset/do-egress-ip --timeout 0s
exit "$failed"
