#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever of the node's programs is killed, egress stays; what is killed in a switch is settled after.
# Usage: tests/node/in-world tests/node/kill_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1

count_restarts() {
    kubectl --namespace "$namespace" get "$(ours_on egress-a)" \
        --output 'jsonpath={.status.containerStatuses[0].restartCount}'
}
restarts() { # COUNT, at least
    local count
    count=$(count_restarts)
    ((count >= $1)) || { echo "restarts: $count" && return 1; }
}
# The container's limit is 64 MB; `tail` keeps a line that never ends.
is_killed_for_memory() {
    local code=0
    kubectl --namespace "$namespace" exec "$(ours_on egress-a)" -- busybox tail /dev/zero || code=$?
    [ "$code" = 137 ] || { echo "exit $code" && return 1; }
}
is_ready_again() {
    kubectl --namespace "$namespace" wait "$(ours_on egress-a)" --for condition=Ready --timeout 0s
}
is_other_than() { # POD
    local now
    now=$(ours_on egress-a)
    [ -n "$now" ] && [ "$now" != "$1" ]
}
keeps_egress() { has_egress egress-a && [ "$(held_by egress-a)" = "$held" ]; }

# The control group of the loop's container; its processes come and go.
group_of_loop() {
    local id
    id=$(kubectl --namespace "$namespace" get "$(ours_on egress-a)" \
        --output 'jsonpath={.status.containerStatuses[0].containerID}')
    find /sys/fs/cgroup -type d -path "*/${LAB_CGROUP##*/}/egress-a/*/${id##*/}" -print | head -n 1
}
sees_reserved() { [ "$(lab whatismyip egress-a)" = "$held" ]; } # the host, without the kubelet
is_switching() { ip -n egress-a route show table main | grep 'default.* proto 174'; }

make_nodes 1 $pool
start_clients
check 'helm install' install $pool --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
held=$(held_by egress-a)

pod=$(ours_on egress-a)
kubectl --namespace "$namespace" delete "$pod" --force --grace-period 0 2>/dev/null
check 'pod deleted by force: another one comes' within 60 is_other_than "$pod"
check 'pod deleted by force: egress stays' keeps_egress
check 'pod deleted by force: the new pod is ready' within 90 is_ready_again

group=$(group_of_loop)
kill -KILL "$(sort -n "$group/cgroup.procs" | head -n 1)"
check 'PID 1 killed: the container restarts' within 60 restarts 1
check 'PID 1 killed: egress stays' keeps_egress

# With cgroup version 2 the kubelet lets the whole container end (memory.oom.group); with version 1 only
# what needs the most memory does.
group=$(group_of_loop)
before=$(count_restarts)
check 'memory used up: the kernel kills' is_killed_for_memory
if [ -e "$group/memory.oom.group" ]; then
    check 'memory used up: the container restarts' within 60 restarts $((before + 1))
    check 'memory used up: the container is ready' within 90 is_ready_again
else
    echo '        cgroup version 1: the kernel kills one process, not the container'
    check 'memory used up: the loop lives on' test "$(count_restarts)" = "$before"
fi
check 'memory used up: egress stays' keeps_egress

cluster restart egress-a kubelet
check 'kubelet killed: the node is ready' within 60 is_ready egress-a
check 'kubelet killed: egress stays' sees_reserved
check 'kubelet killed: exec works, and pods keep their egress' within 60 keeps_egress
cluster restart egress-a containerd
check 'containerd killed: egress stays' sees_reserved
check 'containerd killed: exec works, and pods keep their egress' within 60 keeps_egress

# The verify service takes its time, so that the switch lasts; 4 s would be too long for the program.
group=$(group_of_loop)
before=$(count_restarts)
lab sim POST /faults '{"server": "whatismyip", "kind": "delay", "delay_ms": 2500, "count": -1}' >/dev/null
lab flush egress-a
check 'routes flushed: a switch begins' within 90 is_switching
xargs kill -KILL <"$group/cgroup.procs" 2>/dev/null || true
check 'container killed in the switch: the route is unconfirmed' is_switching
lab sim DELETE /faults
check 'container killed in the switch: the container restarts' within 90 restarts $((before + 1))
check 'container killed in the switch: egress is proven' within 120 keeps_egress
check 'container killed in the switch: nothing is unconfirmed' within 60 is_settled egress-a

kubectl delete node egress-a >/dev/null
cluster restart egress-a kubelet
check 'Node deleted: it registers' within 60 is_ready egress-a
check 'Node deleted: the label returns, the address stays' within 240 keeps_egress
exit "$failed"
