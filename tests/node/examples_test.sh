#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deploy/manifests and each file of deploy/examples, applied as they stand, and what comes of them.
# Usage: tests/node/in-world tests/node/examples_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-2
home=do-egress-ip # the namespace of the manifests

apply() { kubectl apply --filename "$deploy/$1"; } # FILE
# With the edits that the file asks for.
apply_edited() { # FILE
    sed 's/^    192\.0\.2\./    198.51.100./; s/EDIT_ME/egress/' "$deploy/$1" | kubectl apply --filename -
}

is_rolled_out() { kubectl --namespace "$1" rollout status "$2" --timeout 0s; } # NAMESPACE OBJECT

# What a container of ours says that it saw, last.
last_line() { # NAMESPACE SELECTOR CONTAINER NODE
    kubectl --namespace "$1" logs "$(pod_on "$4" "$1" "$2")" --container "$3" --tail 1
}
sees_reserved() { # NAMESPACE SELECTOR CONTAINER NODE
    [ "$(last_line "$@")" = "$(held_by "$4")" ] || { last_line "$@" && return 1; }
}

# Names and nodes of the pods of a complete Job.
is_done() {
    kubectl --namespace "$home" get jobs --output json |
        jq --exit-status 'any(.items[]; any(.status.conditions[]?; .type == "Complete" and .status == "True"))'
}
nodes_of_job() {
    kubectl --namespace "$home" get pods --selector app=egress --output json | jq --raw-output \
        '[.items[] | {job: .metadata.labels["job-name"], node: .spec.nodeName}] | group_by(.job)[0] |
         map(.node) | sort | join(" ")'
}
runs_once_a_node() { [ "$(nodes_of_job)" = 'egress-a egress-b' ] || { nodes_of_job && return 1; }; }

says_edit() {
    kubectl --namespace "$home" describe pods | grep 'Unhealthy.* exit 64: .*EDIT_ME'
}

make_nodes 2 $pool
start_clients
for file in manifests/00-namespace.yaml manifests/10-access.yaml manifests/20-policy.yaml; do
    check "$file" apply $file
done
check manifests/30-pool.yaml apply_edited manifests/30-pool.yaml
kubectl --namespace "$home" create secret generic digitalocean --from-literal=token=dop_v1_lab >/dev/null

check examples/init-container.yaml apply examples/init-container.yaml
check 'init container: both pods start' within 120 is_rolled_out $home daemonset/mail-relay
check 'init container: both nodes have egress' all_have_egress egress-a egress-b
check 'init container: the relay sees it' within 90 \
    sees_reserved $home app=mail-relay relay egress-a

check examples/workload.yaml apply examples/workload.yaml
check 'workload: both pods run' within 60 is_rolled_out default deployment/payments
kubectl delete --filename "$deploy/examples/init-container.yaml" --wait=true >/dev/null

for held in 198.51.100.1 198.51.100.2; do lab sim POST /unassign/$held; done
check examples/cronjob.yaml apply examples/cronjob.yaml
check 'CronJob: a Job is complete' within 180 is_done
check 'CronJob: one pod ran on each node' runs_once_a_node
check 'CronJob: both nodes have egress again' all_have_egress egress-a egress-b
kubectl delete --filename "$deploy/examples/cronjob.yaml" --wait=true >/dev/null

lab flush egress-b
check manifests/40-daemonset.yaml apply manifests/40-daemonset.yaml
check 'DaemonSet not edited: describe pod says what to do' within 120 says_edit
check 'DaemonSet: edited' apply_edited manifests/40-daemonset.yaml
check 'DaemonSet: both pods are ready' within 120 is_rolled_out $home daemonset/do-egress-ip
check 'DaemonSet: both nodes have egress' within 60 all_have_egress egress-a egress-b
exit "$failed"
