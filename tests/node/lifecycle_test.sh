#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The chart upgraded, rolled back, broken, taken away and installed again: egress stays throughout.
# Usage: tests/node/in-world tests/node/lifecycle_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
nodes=(egress-a egress-b)
pool=198.51.100.1-2
image=docker.io/library/do-egress-ip

runs_image() { # NODE TAG
    [ "$(kubectl --namespace "$namespace" get "$(ours_on "$1")" \
        --output 'jsonpath={.spec.containers[0].image}')" = "do-egress-ip:$2" ]
}
all_run_image() { # TAG
    local name
    for name in "${nodes[@]}"; do runs_image "$name" "$1" || return 1; done
}
are_ready() { kubectl --namespace "$namespace" rollout status daemonset/do-egress-ip --timeout 0s; }
keeps_egress() {
    all_have_egress "${nodes[@]}" && [ "$(held_by egress-a) $(held_by egress-b)" = "$held" ]
}
cannot_pull() {
    kubectl --namespace "$namespace" get pods --output json | jq --exit-status \
        'any(.items[].status.containerStatuses[]?; .state.waiting.reason | tostring | test("Image|Err"))'
}
no_pods() { [ -z "$(kubectl --namespace "$namespace" get pods --output name)" ]; }

make_nodes 2 $pool
start_clients
version=$(sed -n 's/^appVersion: *"\?\([0-9.]*\)"\?$/\1/p' "$chart/Chart.yaml")
for name in "${nodes[@]}"; do
    cluster enter "$name" ctr --namespace k8s.io images tag "$image:$version" "$image:0.0.9" >/dev/null
done

check 'helm install of a former tag' install $pool --set image.tag=0.0.9 --wait --timeout 3m
check 'both nodes have egress' within 90 all_have_egress "${nodes[@]}"
held="$(held_by egress-a) $(held_by egress-b)"
check 'upgrade: helm upgrade --wait succeeds' install $pool --wait --timeout 3m
check 'upgrade: all pods have the new tag' within 60 all_run_image "$version"
check 'upgrade: all pods are ready' within 90 are_ready
check 'upgrade: egress stays' keeps_egress

install $pool --set image.tag=none >/dev/null
check 'image missing: the pods do not start' within 60 cannot_pull
check 'image missing: egress stays' keeps_egress
check 'rollback: helm rollback succeeds' helm rollback do-egress-ip --namespace "$namespace" --wait
check 'rollback: all pods are ready' within 90 are_ready
check 'rollback: egress stays' keeps_egress

check 'uninstall: helm uninstall succeeds' helm uninstall do-egress-ip --namespace "$namespace" --wait
check 'uninstall: the pods are gone' within 60 no_pods
check 'uninstall: egress stays' keeps_egress
check 'installed again: helm install succeeds' install $pool --wait --timeout 3m
check 'installed again: all pods are ready' within 90 are_ready
check 'installed again: the nodes keep their addresses' keeps_egress
exit "$failed"
