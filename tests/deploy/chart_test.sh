#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The chart, as Helm renders or refuses it. What an API server says of it is for tests/kube.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
find_helm
chart=$top/deploy/helm/do-egress-ip
good=(--set 'matchString=egress,token.existingSecret=digitalocean'
    --set 'floatingIPs={198.51.100.1,198.51.100.2}')
cron=(--set 'mode=cronjob,cronJob.nodes=3')

render() { # ARGUMENT…
    helm template do-egress-ip "$chart" --kube-version 1.34.0 --namespace there "${good[@]}" "$@"
}
accepts() { expect 0 "$1" render "${@:2}"; } # TEXT ARGUMENT…
refuses() { expect 1 "$1" render "${@:2}"; }
says() { [[ $output == *"$1"* ]] || complain "not rendered: $1"; }
silent() { [[ $output != *"$1"* ]] || complain "rendered: $1"; }
count() { # NUMBER LINE: so often, whatever is before it
    same "lines with $2" "$(grep -c -- "^ *$2\$" <<<"$output")" "$1"
}

expect 0 '0 chart(s) failed' helm lint --strict "$chart" "${good[@]}"
expect 0 '0 chart(s) failed' helm lint --strict "$chart" "${good[@]}" "${cron[@]}"
expect 1 floatingIPs helm template do-egress-ip "$chart"

# Refused at install time, in words that help.
refuses "'198.51.100.300' does not match" --set 'floatingIPs={198.51.100.300}'
refuses "'198.51.100.1.' does not match" --set 'floatingIPs={198.51.100.1.}'
refuses "'2001:db8::1' does not match" --set 'floatingIPs={2001:db8::1}'
expect 1 "'/floatingIPs': minItems" helm template do-egress-ip "$chart" --set-json 'floatingIPs=[]' \
    --set 'matchString=egress,token.existingSecret=digitalocean'
refuses "floatingIPs" --set floatingIPs=null
refuses 'matchString is missing' --set matchString=
refuses 'contradict' --set matchRegex=egress-.*
refuses 'kubectl --namespace there create secret generic digitalocean --from-file=token=FILE' \
    --set token.existingSecret=
refuses "'floatingIps' not allowed" --set 'floatingIps={198.51.100.1}'
refuses "'nope' not allowed" --set token.nope=1
refuses '/mode' --set mode=job
refuses '/interval' --set interval=0
refuses 'cronJob.nodes is missing' --set mode=cronjob
for taint in NoSchedule a:Never a=b a:NoSchedule:NoExecute '/a:NoSchedule' 'a=b c:NoSchedule'; do
    refuses '/gateTaint' --set "gateTaint=$taint"
done
for url in ftp://example.org example.org https:// https://user@example.org 'https://a b' \
    https://a:65536 https://a_b; do
    refuses '/verifyUrls/0' --set "verifyUrls={$url}"
done
for network in partner.example.com 0.0.0.0/0 128.0.0.0/7 2001:db8::/32 169.254.169.254 198.18.0.0/33; do
    refuses '/destinations/0' --set "destinations={$network}"
done
for network in 198.18.0.1/24 198.18.64.0/17 198.18.0.0/14 198.18.0.3/31; do
    refuses "$network is an address within a network" --set "destinations={192.0.2.0/24,$network}"
done
refuses 'destinations is empty' --set route=destinations
refuses 'destinations has no effect' --set 'route=none,destinations={192.0.2.0/24}'
refuses '/route' --set route=some
refuses '/okCodes/0' --set 'okCodes={1}'
for address in 0.0.0.0 255.255.255.255 10.20.30.40; do
    accepts "    $address" --set "floatingIPs={$address}"
done
accepts 'value: "egress-.*"' --set 'matchString=,matchRegex=egress-.*'
accepts 'value: "https://a.example/ip https://b.example:8443?format=json"' \
    --set 'verifyUrls={https://a.example/ip,https://b.example:8443?format=json}'
for text in 'egress-*' '^egress' 'egress web' Egress egress_web egress..web egress-.web; do
    refuses '/matchString' --set "matchString=$text"
done
for text in egress -egress- .web. web.egress- 8b870; do
    accepts "value: \"$text\"" --set-string "matchString=$text"
done
refuses 'nodeLabels.enabled and nodeLabels.address are the same' \
    --set 'nodeLabels.enabled=a,nodeLabels.address=a'

# As a part of another chart, installed on a condition.
accepts 'kind: DaemonSet' --set enabled=true

# Least privilege, in each container.
security() { # CONTAINERS
    for line in 'runAsUser: 0' 'allowPrivilegeEscalation: false' 'readOnlyRootFilesystem: true' \
        'drop: \[ALL\]' 'add: \[NET_ADMIN\]'; do
        count "$1" "$line"
    done
    for line in 'type: RuntimeDefault' 'hostNetwork: true' 'defaultMode: 0400'; do
        count 1 "$line"
    done
    silent privileged
    silent hostPath
    silent subPath
}

accepts 'kind: DaemonSet' --skip-tests
silent 'kind: CronJob'
security 1
says 'command: [do-egress-ip-loop, "5", --, do-egress-ip, reconcile]'
says 'command: [do-egress-ip-loop, --ready]'
# Without it, the kubelet would ask for readiness only after a whole period.
count 1 'command: \[busybox, test, -s, /dev/shm/do-egress-ip-loop-state\]'
silent initContainers
silent DO_EGRESS_IP_OK_CODES
silent GATE_TAINT
silent POD_LABEL
silent podcheck
# A pod without an address is not ready, and must not hold up an upgrade; no taint drives a pod away.
count 1 'maxUnavailable: 100%'
count 1 '- operator: Exists'
accepts 'kind: CronJob' --skip-tests "${cron[@]}"
silent 'kind: DaemonSet'
security 1
says 'values: [10, 12, 13, 14, 64, 70, 71, 77, 78]'
silent 'action: FailJob' # which would delete the pods of other nodes
count 1 'completions: 3'
count 1 'parallelism: 3'
count 1 'topologyKey: kubernetes.io/hostname'

# A pod of a Job may be told to end well; the loop must see every failure.
accepts DO_EGRESS_IP_OK_CODES --skip-tests "${cron[@]}" --set 'okCodes={10,75}'
count 1 '- name: DO_EGRESS_IP_OK_CODES'
count 1 'value: "10,75"'
accepts 'kind: DaemonSet' --skip-tests --set 'okCodes={10,75}'
silent DO_EGRESS_IP_OK_CODES

# Metrics are the only thing of the host's files that a pod sees, and only when it is told to.
refuses '/metrics/hostPath' --set 'metrics.enabled=true,metrics.hostPath=textfile'
for mode in daemonset cronjob; do
    accepts 'path: /var/lib/node_exporter/textfile_collector' --skip-tests "${cron[@]}" \
        --set "mode=$mode,metrics.enabled=true"
    count 1 '- name: DO_EGRESS_IP_METRICS_FILE'
    count 1 'value: /run/do-egress-ip/do-egress-ip.prom'
    count 1 'mountPath: /run/do-egress-ip'
    count 1 'hostPath:'
    count 1 'type: DirectoryOrCreate'
done

# The gate holds back neither these pods nor the policy.
accepts "t.key == 'example.com/gate' && t.effect == 'NoExecute'" --skip-tests \
    --set 'gateTaint=example.com/gate=closed:NoExecute,tolerations=null'
count 1 'value: example.com/gate=closed:NoExecute'
count 1 '- key: example.com/gate'
count 0 '- operator: Exists'

# Checked by an unprivileged pod on the pod network, which alone lifts the gate if it is told to.
refuses 'podCheck.gate needs podCheck.enabled and gateTaint' --set podCheck.gate=true,gateTaint=a:NoSchedule
refuses 'podCheck.gate needs podCheck.enabled and gateTaint' --set podCheck.gate=true,podCheck.enabled=true
refuses '/podCheck/interval' --set podCheck.interval=0
refuses 'three labels' --set nodeLabels.pods=do-outbound-floating-ip
checked=(--skip-tests --set 'podCheck.enabled=true,gateTaint=a:NoSchedule')
accepts 'command: [do-egress-ip-loop, "120", --, do-egress-ip, verify]' "${checked[@]}"
count 2 '- name: DO_EGRESS_IP_POD_LABEL'
count 1 '- name: DO_EGRESS_IP_GATE_TAINT'
count 0 '- name: DO_EGRESS_IP_GATE_BY'
count 1 'value: https://checkip.amazonaws.com\|value: "https://checkip.amazonaws.com"'
says "ours
      expression: \"['do-outbound-floating-ip-pods']\""
accepts 'value: pods' "${checked[@]}" --set podCheck.gate=true
count 2 '- name: DO_EGRESS_IP_GATE_TAINT'
count 2 '- name: DO_EGRESS_IP_GATE_BY'
expect 0 'runAsNonRoot: true' render --set podCheck.enabled=true --show-only templates/podcheck.yaml
for line in NET_ADMIN hostNetwork 'add:' mountPath digitalocean; do silent "$line"; done
count 1 'drop: \[ALL\]'
expect 0 'command: [do-egress-ip, verify' render --show-only templates/tests/pod-egress.yaml
for line in NET_ADMIN hostNetwork patch; do silent "$line"; done

# The values of a release of before, as `helm upgrade --reuse-values` keeps them.
accepts 'value: "120"' --skip-tests --set podCheck=null,nodeLabels.pods=null,fullInterval=null,route=null,destinations=null
silent podcheck
silent DO_EGRESS_IP_ROUTE
accepts 'command: [do-egress-ip-loop, "120", --, do-egress-ip, verify]' --skip-tests \
    --set podCheck.enabled=true,podCheck.interval=null,nodeLabels.pods=null
count 2 'value: do-outbound-floating-ip-pods'

# What clusterlint reports, which DOKS runs before an upgrade: deploy/README.md names the rest.
accepts 'values: [kube-system]' --skip-tests --set podCheck.enabled=true
count 2 'operations: \[UPDATE\]' # the policies on Nodes, each of which spares kube-system
count 2 'values: \[kube-system\]'
count 2 'memory: 64Mi' # each container has its requests and limits
for line in hostPath 'privileged: true' kubernetes.io/hostname: 'concurrencyPolicy: Allow'; do silent "$line"; done

# Undone on each matching node, once.
accepts 'command: [do-egress-ip-loop, --once, "5", --, do-egress-ip, release, --only-matching]' \
    --skip-tests --set mode=release,podCheck.enabled=true
silent 'do-egress-ip, verify'
silent reconcile

# Destinations: a file in the ConfigMap, so that a change reaches pods that are running.
for mode in mode=daemonset mode=cronjob,cronJob.nodes=3; do
    accepts "destinations: |" --set "$mode" --set 'route=destinations' \
        --set 'destinations={192.0.2.0/24,198.18.64.0/18,198.18.0.9,198.18.0.10/31}'
    containers=$(grep -c 'DO_EGRESS_IP_FLOATING_IPS_FILE$' <<<"$output")
    count "$containers" '- name: DO_EGRESS_IP_ROUTE'
    count "$containers" 'value: destinations'
    count "$containers" 'value: /etc/do-egress-ip/pool/destinations'
    for network in 192.0.2.0/24 198.18.64.0/18 198.18.0.9 198.18.0.10/31; do
        count 1 "$network"
    done
done
accepts 'value: /etc/do-egress-ip/pool/destinations' --set 'destinations={192.0.2.0/24}'
silent DO_EGRESS_IP_ROUTE
expect 0 '' render
silent destinations

# Another release beside it.
expect 0 'system:serviceaccount:there:second-do-egress-ip' helm template second "$chart" \
    --namespace there "${good[@]}"
expect 0 'system:serviceaccount:there:mine' render --set 'serviceAccount.name=mine'
expect 0 '' render --set 'serviceAccount.create=false,rbac.create=false' --skip-tests \
    --set admissionPolicy.enabled=false
silent 'kind: ServiceAccount'
silent Role
silent ValidatingAdmissionPolicy

# What it sets, the program knows; and it is of the program's version.
output=$(render --set 'verifyUrls={https://a.example},okCodes={10},gateTaint=a:NoSchedule' \
    --set 'metrics.enabled=true,podCheck.enabled=true,podCheck.gate=true,route=destinations,destinations={192.0.2.0/24}' "${cron[@]}" &&
    render --set 'matchString=,matchRegex=x')
mapfile -t variables < <(grep -o 'DO_EGRESS_IP_[A-Z_]*' <<<"$output" | sort -u)
same 'number of variables' ${#variables[@]} 17
for variable in "${variables[@]}"; do
    grep -q "^\.Ev .*\<$variable\>" "$top/man/do-egress-ip.8" || grep -qw "$variable" "$top/scripts/loop" ||
        complain "$variable is not in the manual"
done
version=$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
same 'versions' "$(sed -n 's/^\(appV\|v\)ersion: "*\([0-9.]*\)"*$/\2/p' "$chart/Chart.yaml")" \
    "$version
$version"
exit "$failed"
