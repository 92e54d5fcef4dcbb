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
security 2
says 'command: [do-egress-ip-loop, "5", --, do-egress-ip, reconcile]'
silent DO_EGRESS_IP_OK_CODES
silent GATE_TAINT
silent tolerations
accepts 'kind: CronJob' --skip-tests "${cron[@]}"
silent 'kind: DaemonSet'
security 1
says 'values: [64, 70, 77, 78]'
count 1 'completions: 3'
count 1 'parallelism: 3'
count 1 'topologyKey: kubernetes.io/hostname'

# An init container may be told to go on; the loop must see every failure.
accepts DO_EGRESS_IP_OK_CODES --skip-tests --set 'okCodes={10,75}'
count 1 '- name: DO_EGRESS_IP_OK_CODES'
count 1 'value: "10,75"'

# Metrics are the only thing of the host's files that a pod sees, and only when it is told to.
refuses '/metrics/hostPath' --set 'metrics.enabled=true,metrics.hostPath=textfile'
for mode in daemonset cronjob; do
    accepts 'path: /var/lib/node_exporter/textfile_collector' --skip-tests "${cron[@]}" \
        --set "mode=$mode,metrics.enabled=true"
    containers=$([ $mode = daemonset ] && echo 2 || echo 1)
    count "$containers" '- name: DO_EGRESS_IP_METRICS_FILE'
    count "$containers" 'value: /run/do-egress-ip/do-egress-ip.prom'
    count "$containers" 'mountPath: /run/do-egress-ip'
    count 1 'hostPath:'
    count 1 'type: DirectoryOrCreate'
done

# The gate holds back neither these pods nor the policy.
accepts "t.key == 'example.com/gate' && t.effect == 'NoExecute'" --skip-tests \
    --set 'gateTaint=example.com/gate=closed:NoExecute,tolerations[0].operator=Exists'
count 2 'value: example.com/gate=closed:NoExecute'
count 1 '- key: example.com/gate'
count 1 '- operator: Exists'

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
    --set 'metrics.enabled=true,route=destinations,destinations={192.0.2.0/24}' &&
    render --set 'matchString=,matchRegex=x')
mapfile -t variables < <(grep -o 'DO_EGRESS_IP_[A-Z_]*' <<<"$output" | sort -u)
same 'number of variables' ${#variables[@]} 12
for variable in "${variables[@]}"; do
    grep -q "^\.Ev .*\<$variable\>" "$top/man/do-egress-ip.8" ||
        complain "$variable is not in the manual"
done
version=$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
same 'versions' "$(sed -n 's/^\(appV\|v\)ersion: "*\([0-9.]*\)"*$/\2/p' "$chart/Chart.yaml")" \
    "$version
$version"
exit "$failed"
