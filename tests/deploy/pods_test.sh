#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The pods of the chart on a simulated droplet, as a real API server has them: the loop with its probe, the
# check on the pod network, the pod of `helm test`, and the undo.
# In a world of tests/lab/lab, with DO_SIM and DO_EGRESS_IP.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
PATH=$PATH:$top/tests/lab:$top/tests/kube
ours='do-egress-ip'
node='egress-a'
label=do-outbound-floating-ip
values=(--namespace "$ours" --set 'matchString=egress,token.existingSecret=digitalocean,interval=1,fullInterval=5'
    --set 'floatingIPs={198.51.100.1,198.51.100.2}' --set 'verifyUrls={http://192.0.2.1/}'
    --set 'metrics.enabled=true,metrics.hostPath=/run/textfile'
    --set 'podCheck.enabled=true,podCheck.gate=true,gateTaint=egress.example.com/pods:NoSchedule')
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

# shellcheck disable=SC2317 # called by name, too
in_pod() { pod "$node" "$ours" "daemonset/$ours" "$@"; } # CONTAINER [COMMAND…]
mapfile -t probe < <(kubectl --namespace $ours get daemonset $ours --output json |
    jq --raw-output '.spec.template.spec.containers[0].readinessProbe.exec.command[]')
address_of() { kubectl get node $node --output json | jq --raw-output ".metadata.labels[\"$label\"]"; }

# Not ready at first, and then it is.
expect 75 'the first run has not ended yet' in_pod loop "${probe[@]}"
expect 0 '' in_pod loop do-egress-ip reconcile
address=$(address_of)
[[ $address == 198.51.100.[12] ]] || complain "$node is labelled $address"
same 'the address that is seen' "$(lab whatismyip $node)" "$address"
metric() { sed -n "s/^do_egress_ip_$1 //p" /run/textfile/do-egress-ip.prom; } # PATTERN
same 'the address in the metrics' "$(metric "address_info{node=\"$node\",address=\"$address\"}")" 1

label_of() { kubectl get node $node --output json | jq --raw-output ".metadata.labels[\"$1\"]"; }
taints() { kubectl get node $node --output json | jq --raw-output \
    '.spec.taints // [] | map(.key) | map(select(startswith("egress."))) | join(" ")'; }
events() { kubectl get events.events.k8s.io --namespace default --output json | jq --raw-output '.items[].reason'; }

# What the pod network is seen as is what the label says. Only that lifts the gate.
# shellcheck disable=SC2317 # called by name
checked() { pod "$node" "$ours" "daemonset/$ours-podcheck" loop do-egress-ip verify; }
same 'taints before a pod is seen' "$(taints)" egress.example.com/pods
expect 0 "ok: egress IP $address" checked
same 'taints after' "$(taints)" ''
same 'the label for pods' "$(label_of $label-pods)" true
# As a network plugin masquerades in eBPF: the host as it should be, its pods by another address.
lab exec $node ip rule add pref 100 from 10.244.0.0/16 lookup 17310
same 'the host' "$(lab whatismyip $node)" "$address"
expect 13 "not $address" checked
same 'taints with wrong pods' "$(taints)" egress.example.com/pods
same 'the label for wrong pods' "$(label_of $label-pods)" false
grep -qx PodsEgressWrong <<<"$(events)" || complain "no Event of wrong pods: $(events)"
expect 0 '' in_pod loop do-egress-ip reconcile
same 'taints after another run' "$(taints)" egress.example.com/pods
lab exec $node ip rule del pref 100
expect 0 "ok: egress IP $address" checked
same 'taints at last' "$(taints)" ''

# Its token is good for that label and that taint of this node, and for nothing else.
token=$(cluster token $ours $ours-podcheck $node)
# shellcheck disable=SC2317 # called by name
as_check() { kubectl --token "$token" patch node "$1" --type merge --patch "{\"metadata\":{\"labels\":$2}}"; }
expect 0 '' as_check $node "{\"$label-pods\":\"true\"}"
expect 1 'only these labels can be changed' as_check $node "{\"$label-enabled\":\"false\"}"
expect 1 'only these labels can be changed' as_check $node "{\"$label\":null}"
expect 1 'is the only taint that can be changed' kubectl --token "$token" patch node $node --type merge \
    --patch '{"spec":{"taints":[{"key":"other","effect":"NoSchedule"}]}}'
expect 1 'forbidden' kubectl --token "$token" get secrets --namespace $ours

# `helm test` asks the same.
cluster helm template $ours "$top/deploy/helm/do-egress-ip" "${values[@]}" \
    --show-only templates/tests/pod-egress.yaml >/run/test.yaml
kubectl create --filename <(sed '/^# On the pod network/,$d' /run/test.yaml) >/run/setup
kubectl create --filename <(sed -n '/^# On the pod network/,$p' /run/test.yaml) >>/run/setup
# shellcheck disable=SC2317 # called by name
tested() { pod "$node" "$ours" "pod/$ours-test" test; }
expect 0 "http://192.0.2.1/ sees $address" tested
kubectl label --overwrite node $node $label=198.51.100.9 >>/run/setup
expect 13 "http://192.0.2.1/ sees $address, not 198.51.100.9" tested

# The loop repairs a label and routes, and says so once.
pod $node $ours daemonset/$ours loop >/run/loop.out 2>/run/loop.err &
loop=$!
until_seen() { # WHAT COMMAND…
    local deadline=$((SECONDS + 300)) what=$1
    shift
    until "$@"; do
        if ((SECONDS > deadline)); then
            complain "not within five minutes: $what"
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
expect 0 '' in_pod loop "${probe[@]}"
grep -qx 'do-egress-ip-loop: exit 0; looks every 1 s, runs every 5 s' /run/loop.err ||
    complain "the loop said $(cat /run/loop.err)"
kill -TERM $loop
wait $loop
same 'the end of the loop' $? 143
same 'claims, in the metrics' "$(metric 'claims_total{result="won"}')" 1
[ "$(metric 'runs_total{result="unchanged",code="0"}')" -gt 0 ] || complain 'no steady run is counted'

# The examples do it, too, as they stand.
kubectl apply --filename "$top/deploy/examples" >/run/setup || complain 'the examples are not taken'
for example in daemonset/mail-relay cronjob/egress; do
    lab flush $node
    same "the address of before $example" "$(lab whatismyip $node)" "$(jq --raw-output .public /run/lab/$node.json)"
    expect 0 '' pod $node $ours $example egress
    same "the address with $example" "$(lab whatismyip $node)" "$address"
done

# Undone: once, and then the pod idles.
cluster helm upgrade $ours "$top/deploy/helm/do-egress-ip" "${values[@]}" --set mode=release >/run/setup
pod $node $ours daemonset/$ours loop >/run/loop.out 2>/run/loop.err &
loop=$!
# shellcheck disable=SC2317 # called by name
idles() { grep -q 'exit 0.*; done; this pod idles from now on' /run/loop.err; }
until_seen 'the node is released' idles
same 'the address of before' "$(lab whatismyip $node)" "$(jq --raw-output .public /run/lab/$node.json)"
same 'the label' "$(label_of $label-enabled)" false
same 'the label for pods' "$(label_of $label-pods)" false
expect 0 '' in_pod loop "${probe[@]}"
kill -TERM $loop
wait $loop

# A short pool is a state to wait in, and the probe says so in a sentence.
lab sim PUT /droplets/9 '{"name":"other"}' >/run/setup
for taken in 1 2; do lab sim POST /assign/198.51.100.$taken '{"droplet":9}' >>/run/setup; done
cluster helm upgrade $ours "$top/deploy/helm/do-egress-ip" "${values[@]}" >>/run/setup
pod $node $ours daemonset/$ours loop >/run/loop.out 2>/run/loop.err &
loop=$!
# shellcheck disable=SC2317 # called by name
waits() { [[ $(in_pod loop "${probe[@]}") == 'exit 10: cannot claim an address: all 2 of the pool'* ]]; }
until_seen 'the pool is short' waits
freed=$SECONDS
lab sim POST /unassign/198.51.100.2 >>/run/setup
# shellcheck disable=SC2317 # called by name
has_it() { [ "$(label_of "$label-enabled")" = true ]; }
until_seen 'the free address is claimed' has_it
echo "a free address is claimed after $((SECONDS - freed)) s"
kill -TERM $loop
wait $loop
exit "$failed"
