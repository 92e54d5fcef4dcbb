#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `helm test`: does the internet see a pod's traffic come from the address that its node is labelled
# with? Runs in the pod's own network. NODE_NAME, ADDRESS_LABEL and URLS say what to compare.
set -u

fail() {
    echo "FAILED: $1"
    exit 1
}
get() { curl --silent --show-error --fail --max-time 20 "$@" 2>&1; }

account=/var/run/secrets/kubernetes.io/serviceaccount
api=${KUBERNETES_SERVICE_HOST:?}
case $api in *:*) api="[$api]" ;; esac
node=$(printf 'header = "Authorization: Bearer %s"\n' "$(cat $account/token)" |
    get --config - --cacert $account/ca.crt \
        --header 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' \
        "https://$api:$KUBERNETES_SERVICE_PORT/api/v1/nodes/$NODE_NAME") ||
    fail "the Kubernetes API does not show Node $NODE_NAME: $node"
wanted=$(printf '%s\n' "$node" | sed -n "s|.*\"$ADDRESS_LABEL\" *: *\"\([^\"]*\)\".*|\1|p")
[ -n "$wanted" ] || fail "Node $NODE_NAME has no label $ADDRESS_LABEL; kubectl describe node $NODE_NAME says why"

for url in $URLS; do
    seen=$(get --ipv4 "$url") || fail "$url does not answer a pod on $NODE_NAME: $seen"
    [ "$seen" = "$wanted" ] || fail "$url sees $seen, but the egress IP of Node $NODE_NAME is $wanted: the \
network plugin chooses another source address for pods (Cilium does with eBPF masquerade); run \
what needs the address with hostNetwork: true, or let iptables masquerade (Cilium: bpf.masquerade=false)"
    echo "ok: $url sees a pod on $NODE_NAME as $seen"
done
