#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The gate: pods come to a node when its egress is proven, and stay away, or go, when it is lost.
# Usage: tests/node/in-world tests/node/gate_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-2

# Two Deployments that tolerate nothing, so that the gate holds them back.
start_workload() { # NAME NODE
    kubectl apply --filename - >/dev/null <<END_OF_WORKLOAD
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "$1", "namespace": "default"},
 "spec": {"selector": {"matchLabels": {"app": "$1"}},
  "template": {"metadata": {"labels": {"app": "$1"}},
   "spec": {"nodeSelector": {"kubernetes.io/hostname": "$2"},
    "terminationGracePeriodSeconds": 0,
    "containers": [{"name": "workload", "image": "curlimages/curl:8.11.1",
                    "command": ["sleep", "100000"]}]}}}}
END_OF_WORKLOAD
}

is_running() { [ -n "$(pod_on "$1" default "app=$2")" ]; } # NODE NAME
is_pending() { # NAME
    kubectl get pods --selector "app=$1" --output 'jsonpath={.items[*].status.phase}' | grep -qw Pending
}
is_gated() { has_taint "$1" egress; }

# Somebody takes the address for another droplet, and the pool is empty then.
steal() { # NODE
    lab sim POST "/assign/$(held_by "$1")" '{"droplet": 758604910}'
}
give_back() { lab sim POST "/unassign/$1"; } # ADDRESS

# A repetition is a new Event, or counts in the series of the first.
has_losses() { # NODE COUNT
    kubectl get events.events.k8s.io --output json | jq --exit-status --arg node "$1" --argjson count "$2" \
        '[.items[] | select(.regarding.name == $node and .reason == "EgressIPLost") | .series.count // 1] |
         add >= $count'
}

make_nodes 2 $pool '[{"key": "egress", "value": "pending", "effect": "NoSchedule"}]'
lab droplet thief 10
start_clients
start_workload first egress-a
check 'a workload waits at the gate' within 60 is_pending first
check 'helm install' install $pool --set gateTaint=egress=pending:NoSchedule --wait --timeout 3m
check 'both nodes have egress' within 60 all_have_egress egress-a egress-b
check 'the gate is open' within 30 not is_gated egress-a
check 'the workload runs' within 60 is_running egress-a first

stolen=$(held_by egress-a)
steal egress-a
check 'stolen: the label says so' within 60 has_label egress-a "$enabled" false
check 'stolen: the public address is in force' within 30 is_public egress-a
check 'stolen: the gate is shut' within 30 is_gated egress-a
check 'NoSchedule: what runs there stays' is_running egress-a first
start_workload second egress-a
check 'NoSchedule: what comes waits' within 60 is_pending second
check 'the other node keeps its egress' has_egress egress-b
give_back "$stolen"
check 'given back: claimed again' within 90 has_egress egress-a
check 'given back: the gate is open' within 30 not is_gated egress-a
check 'given back: what waited runs' within 60 is_running egress-a second

check 'helm upgrade to NoExecute' install $pool --set gateTaint=egress=pending:NoExecute --wait --timeout 3m
stolen=$(held_by egress-a)
start_workload third egress-a
check 'a workload runs on the node' within 60 is_running egress-a third
steal egress-a
check 'stolen: the gate is shut' within 60 is_gated egress-a
check 'NoExecute: what runs there goes' within 60 not is_running egress-a third
check 'the pods of the chart stay' test -n "$(ours_on egress-a)"
give_back "$stolen"
check 'given back: claimed again' within 90 has_egress egress-a
check 'given back: the workload returns' within 60 is_running egress-a third
check 'lost twice: both losses have an Event' within 30 has_losses egress-a 2
exit "$failed"
