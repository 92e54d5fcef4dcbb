#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mode cronjob where one node can be served, one finds the pool empty, one is misconfigured, one forbidden.
# Usage: tests/node/in-world tests/node/cronjob_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1

run_job() { # NAME: without waiting for the minute
    kubectl --namespace "$namespace" create job "$1" --from cronjob/do-egress-ip
}
has_ended() { # JOB
    kubectl --namespace "$namespace" get job "$1" --output json |
        jq --exit-status 'any(.status.conditions[]?; (.type == "Complete" or .type == "Failed") and .status == "True")'
}
# How each pod of a Job ended: lines `NODE CODE`.
pods_of() { # JOB
    kubectl --namespace "$namespace" get pods --selector "job-name=$1" --output json | jq --raw-output \
        '.items[] | "\(.spec.nodeName) \(.status.containerStatuses[0].state.terminated.exitCode)"'
}
ended_with() { # JOB NODE CODE
    pods_of "$1" | grep -qx "$2 $3" || { pods_of "$1" && return 1; }
}
has_pods() { # JOB NODE CODE COUNT
    local count
    count=$(pods_of "$1" | grep -cx "$2 $3") || true
    [ "$count" = "$4" ] || { pods_of "$1" && return 1; }
}
# Both may have chosen the only address at the same time.
has_lost_or_found_none() { ended_with one "$short" 10 || ended_with one "$short" 11; }
is_labelled_false() {
    has_label "$short" "$enabled" false ||
        { kubectl --namespace "$namespace" logs --selector job-name=one --prefix --tail 20 && return 1; }
}
# The one of the two good nodes that has the address.
lucky() { kubectl get nodes --selector "$enabled=true" --output 'jsonpath={.items[*].metadata.name}'; }

topologies=([2]=no-anchor)
make_nodes 3 $pool
start_clients
check 'helm install' install $pool --set mode=cronjob --set cronJob.nodes=3 \
    --set cronJob.schedule='0 0 1 1 *'
check 'first Job: starts' run_job one
check 'first Job: ends' within 180 has_ended one
good=$(lucky)
short=$([ "$good" = egress-a ] && echo egress-b || echo egress-a)
check 'first Job: one node has egress' has_egress "$good"
check 'first Job: its pod ended well' ended_with one "$good" 0
check 'first Job: the pod without a free address ends with 10, or with 11 if it lost the claim' \
    has_lost_or_found_none
check 'first Job: the pod without an anchor ends with 78' ended_with one egress-c 78
check 'first Job: the node without a free address is labelled false' is_labelled_false

lab flush "$good"
check 'second Job: starts' run_job two
check 'second Job: ends' within 180 has_ended two
check 'second Job: repairs the good node' has_egress "$good"
check 'second Job: the pool is empty still' ended_with two "$short" 10

# An empty pool may count as good.
check 'okCodes: helm upgrade' install $pool --set mode=cronjob --set cronJob.nodes=3 \
    --set cronJob.schedule='0 0 1 1 *' --set 'okCodes={10}'
check 'okCodes: the Job starts' run_job three
check 'okCodes: the Job ends' within 180 has_ended three
check 'okCodes: the pod without a free address ends well' ended_with three "$short" 0

# The service account may no longer read or change one of the Nodes.
others="[\"$short\", \"egress-c\"]"
kubectl patch clusterrole do-egress-ip --type json --patch \
    "[{\"op\": \"add\", \"path\": \"/rules/0/resourceNames\", \"value\": $others}]" >/dev/null
held=$(held_by "$good")
lab flush "$good"
check 'forbidden: the Job starts' run_job four
check 'forbidden: the Job ends' within 180 has_ended four
check 'forbidden: the pod on that node ends with 77, and is not tried again' has_pods four "$good" 77 1
check 'forbidden: the pods of the other nodes end as before' has_pods four "$short" 0 1
check 'forbidden: the address stays on the node' test "$(held_by "$good")" = "$held"
check 'forbidden: egress returns all the same' test "$(lab whatismyip "$good")" = "$held"
exit "$failed"
