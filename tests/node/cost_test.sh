#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What two nodes cost while all is well: requests to the API server, and CPU time with the probe.
# Usage: tests/node/in-world tests/node/cost_test.sh [SECONDS]
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
nodes=(egress-a egress-b)
pool=198.51.100.1-2
seconds=${1:-240}

# Requests of a node's pod: lines `COUNT VERB RESOURCE`.
requests_of() { # NODE
    local pod
    pod=$(ours_on "$1")
    jq --raw-output --arg pod "${pod#pod/}" \
        'select(.user.extra["authentication.kubernetes.io/pod-name"][0] == $pod) |
         "\(.verb) \(.objectRef.resource)"' /run/node/audit.log | sort | uniq -c
}
count_of() { requests_of "$1" | awk '{ count += $1 } END { print count + 0 }'; } # NODE

# Of the pod's control group, in ms: the loop, its looks and runs, and the probe.
cpu_of() { # NODE
    local pod id root
    pod=$(ours_on "$1")
    id=$(kubectl --namespace "$namespace" get "$pod" --output 'jsonpath={.metadata.uid}')
    root=$(find /sys/fs/cgroup -type d -path "*/${LAB_CGROUP##*/}/$1/*pod$id" \
        \( -exec test -e '{}/cpuacct.usage' \; -o -exec test -e '{}/cpu.stat' \; \) -print | head -n 1)
    if [ -e "$root/cpuacct.usage" ]; then
        echo $(($(cat "$root/cpuacct.usage") / 1000000))
    else
        awk '$1 == "usage_usec" { print int($2 / 1000) }' "$root/cpu.stat"
    fi
}

# One each fullInterval of 120 s, and one that may have begun before.
asks_seldom() { # NODE
    local count=$((after[$1] - before[$1]))
    ((count >= 1 && count <= seconds / 120 + 1)) || { requests_of "$1" && return 1; }
}
make_nodes 2 $pool
start_clients
check 'helm install' install $pool --wait --timeout 3m
check 'both nodes have egress' within 90 all_have_egress "${nodes[@]}"
for name in "${nodes[@]}"; do
    check "$name: its pod is ready" within 90 kubectl --namespace "$namespace" wait "$(ours_on "$name")" \
        --for condition=Ready --timeout 0s
done
declare -A before after cpu
for name in "${nodes[@]}"; do before[$name]=$(count_of "$name") cpu[$name]=$(cpu_of "$name"); done
sleep "$seconds"
for name in "${nodes[@]}"; do
    after[$name]=$(count_of "$name")
    check "$name: at most a request each two minutes" asks_seldom "$name"
    echo "        $name: $((after[$name] - before[$name])) requests and" \
        "$(($(cpu_of "$name") - cpu[$name])) ms of CPU in $seconds s"
done
exit "$failed"
