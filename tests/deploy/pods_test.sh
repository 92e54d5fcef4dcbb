#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pods of the chart on a simulated droplet, as a real API server has them: before and after the
# init container, in the loop, and the pod of `helm test`.
# In a world of tests/lab/lab, with DO_SIM and DO_EGRESS_IP.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
PATH=$PATH:$top/tests/lab:$top/tests/kube
ours='do-egress-ip'
node='node-a'
label=do-outbound-floating-ip
values=(--namespace "$ours" --set 'matchString=node,token.existingSecret=digitalocean,interval=1'
    --set 'floatingIPs={198.51.100.1,198.51.100.2}' --set 'verifyUrls={http://192.0.2.1/}'
    --set 'metrics.enabled=true,metrics.hostPath=/run/textfile')
kubectl() { cluster kubectl "$@"; }

{
    lab up && lab pool 198.51.100.1-2 && lab droplet $node && cluster up &&
        id=$(jq .id /run/lab/$node.json) && cluster node $node "$id" &&
        kubectl create namespace $ours &&
        kubectl --namespace $ours create secret generic digitalocean --from-file=token=/run/lab/token &&
        cluster helm install $ours "$top/deploy/helm/do-egress-ip" "${values[@]}"
} >/run/setup 2>&1 || {
    cat /run/setup
    exit 1
}

in_pod() { pod $node $ours daemonset/$ours "$@"; } # CONTAINER [COMMAND…]
mapfile -t probe < <(kubectl --namespace $ours get daemonset $ours --output json |
    jq --raw-output '.spec.template.spec.containers[0].readinessProbe.exec.command[]')
address_of() { kubectl get node $node --output json | jq --raw-output ".metadata.labels[\"$label\"]"; }

# Not ready at first, and then it is.
expect 2 'not ok' in_pod loop "${probe[@]}"
expect 0 'node-a: egress IP' in_pod reconcile
address=$(address_of)
[[ $address == 198.51.100.[12] ]] || complain "$node is labelled $address"
same 'the address that is seen' "$(lab whatismyip $node)" "$address"
expect 0 "ok: node-a: egress IP $address" in_pod loop "${probe[@]}"
metric() { sed -n "s/^do_egress_ip_$1 //p" /run/textfile/do-egress-ip.prom; } # PATTERN
same 'the address in the metrics' "$(metric "address_info{node=\"$node\",address=\"$address\"}")" 1

# What the pod network is seen as is what the label says.
cluster helm template $ours "$top/deploy/helm/do-egress-ip" "${values[@]}" \
    --show-only templates/tests/pod-egress.yaml >/run/test.yaml
kubectl create --filename <(sed '/^# On the pod network/,$d' /run/test.yaml) >/run/setup
kubectl create --filename <(sed -n '/^# On the pod network/,$p' /run/test.yaml) >>/run/setup
# shellcheck disable=SC2317 # called by name
tested() { pod "$node" "$ours" "pod/$ours-test" test; }
expect 0 "ok: http://192.0.2.1/ sees a pod on node-a as $address" tested
kubectl label --overwrite node $node $label=198.51.100.9 >>/run/setup
expect 1 "FAILED: http://192.0.2.1/ sees $address, but the egress IP of Node node-a is 198.51.100.9" tested
[[ $output == *'hostNetwork: true'* ]] || complain "no advice: $output"

# The loop repairs a label and routes, and says so once.
in_pod loop >/run/loop.out 2>/run/loop.err &
loop=$!
until_seen() { # WHAT COMMAND…
    local deadline=$((SECONDS + 60)) what=$1
    shift
    until "$@"; do
        if ((SECONDS > deadline)); then
            complain "not within a minute: $what"
            cat /run/loop.out /run/loop.err
            return
        fi
        sleep 0.1
    done
}
until_seen 'the label is repaired' grep -q '^node labels' /run/loop.out
same 'the label' "$(address_of)" "$address"
# shellcheck disable=SC2317 # called by name
is_quiet() { [[ $(tail -n 1 /run/loop.out) == unchanged:* ]]; }
lab flush $node
until_seen 'the route is repaired' grep -q '^default route' /run/loop.out
until_seen 'all is quiet' is_quiet
same 'the address that is seen' "$(lab whatismyip $node)" "$address"
expect 0 "ok: node-a: egress IP $address" in_pod loop "${probe[@]}"
grep -qx 'do-egress-ip-loop: exit 0; again every 1 s' /run/loop.err ||
    complain "the loop said $(cat /run/loop.err)"
kill -TERM $loop
wait $loop
same 'the end of the loop' $? 143
same 'claims, in the metrics' "$(metric 'claims_total{result="won"}')" 1
[ "$(metric 'runs_total{result="unchanged",code="0"}')" -gt 0 ] || complain 'no steady run is counted'
exit "$failed"
