#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the token that the kubelet mounts into our pod can do to Nodes, and what it cannot.
# Usage: tests/node/in-world tests/node/token_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-2

mounted_token() { # NODE
    kubectl --namespace "$namespace" exec "$(ours_on "$1")" -- \
        busybox cat /var/run/secrets/kubernetes.io/serviceaccount/token
}
patch_node() { # NODE PATCH: the HTTP status
    lab exec internet curl --silent --output /dev/null --write-out '%{http_code}' --cacert /run/kube/ca.pem \
        --request PATCH --header "Authorization: Bearer $token" \
        --header 'Content-Type: application/merge-patch+json' --data "$2" \
        "https://192.0.2.3:6444/api/v1/nodes/$1"
}
gets() { # STATUS NODE PATCH
    local status
    status=$(patch_node "$2" "$3")
    [ "$status" = "$1" ] || { echo "$3 on $2: $status" && return 1; }
}

make_nodes 2 $pool
start_clients
check 'helm install' install $pool --wait --timeout 3m
check 'both nodes have egress' within 90 all_have_egress egress-a egress-b
token=$(mounted_token egress-a)
check 'own Node, own label: allowed' \
    gets 200 egress-a "{\"metadata\": {\"labels\": {\"$enabled\": \"true\"}}}"
check 'own Node, other label: forbidden' \
    gets 403 egress-a '{"metadata": {"labels": {"other": "true"}}}'
check 'own Node, annotation: forbidden' \
    gets 403 egress-a '{"metadata": {"annotations": {"other": "true"}}}'
check 'own Node, taint: forbidden' \
    gets 403 egress-a '{"spec": {"taints": [{"key": "other", "effect": "NoSchedule"}]}}'
check 'own Node, unschedulable: forbidden' gets 403 egress-a '{"spec": {"unschedulable": true}}'
check 'other Node, own label: forbidden' \
    gets 403 egress-b "{\"metadata\": {\"labels\": {\"$enabled\": \"false\"}}}"
check 'the other Node is unchanged' has_label egress-b "$enabled" true

# The API server no longer knows a token of a pod that is gone.
kubectl --namespace "$namespace" delete "$(ours_on egress-a)" --wait >/dev/null
check 'pod deleted: its token is refused' within 60 \
    gets 401 egress-a "{\"metadata\": {\"labels\": {\"$enabled\": \"true\"}}}"
check 'pod deleted: the next pod has egress' within 90 has_egress egress-a
exit "$failed"
