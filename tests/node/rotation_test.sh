#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kubelet mounts another service account token while the loop runs; one that has expired is refused.
# Usage: tests/node/in-world tests/node/rotation_test.sh
# shellcheck disable=SC2317 # what is checked is called by name
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
pool=198.51.100.1-1

mounted_token() {
    kubectl --namespace "$namespace" exec "$(ours_on egress-a)" -- \
        busybox cat /var/run/secrets/kubernetes.io/serviceaccount/token
}
# What identifies a token in the API server's audit log.
id_of() { # TOKEN
    local payload
    payload=$(cut -d. -f2 <<<"$1" | tr '_-' '/+')
    while ((${#payload} % 4)); do payload+='='; done
    base64 --decode <<<"$payload" | jq --raw-output .jti
}
mounts_other() { # ID
    local now
    now=$(id_of "$(mounted_token)") || return 1
    [ -n "$now" ] && [ "$now" != "$1" ]
}
is_used() { grep -qF "\"JTI=$1\"" /run/node/audit.log; } # ID
never_restarted() {
    [ "$(kubectl --namespace "$namespace" get "$(ours_on egress-a)" \
        --output 'jsonpath={.status.containerStatuses[0].restartCount}')" = 0 ]
}
keeps_egress() { [ "$(lab whatismyip egress-a)" = "$held" ]; }

# As the kubelet replaces it; the kubelet will find that it is not its own.
mount_token() { # TOKEN
    local folder
    folder=/var/lib/kubelet/pods/$(kubectl --namespace "$namespace" get "$(ours_on egress-a)" \
        --output 'jsonpath={.metadata.uid}')/volumes/kubernetes.io~projected
    # shellcheck disable=SC2016 # expanded in there
    cluster enter egress-a sh -c 'cd "$0"/kube-api-access-*/..data/ && cat >token.new &&
        chmod 644 token.new && mv token.new token' "$folder" <<<"$1"
}
is_refused() { # TOKEN
    local output code=0
    mount_token "$1"
    output=$(program_on egress-a reconcile 2>&1) || code=$?
    echo "exit $code: $output"
    [ "$code" = 77 ] && [[ $output == *'refuses the service account token'* ]]
}
is_mended() { [ "$(mounted_token)" != "$expired" ] && program_on egress-a reconcile; }

make_nodes 1 $pool
start_clients
check 'helm install' install $pool --wait --timeout 3m
check 'the node has egress' within 90 has_egress egress-a
held=$(held_by egress-a)
first=$(mounted_token)
check 'the loop uses the mounted token' within 30 is_used "$(id_of "$first")"

# The kubelet would ask for another one after 48 minutes. One that has just started has none yet.
cluster restart egress-a kubelet
check 'rotated: the kubelet mounts another token' within 240 mounts_other "$(id_of "$first")"
second=$(mounted_token)
lab flush egress-a
check 'rotated: the loop uses it' within 120 is_used "$(id_of "$second")"
check 'rotated: egress returns' within 90 has_egress egress-a
check 'rotated: the loop was not started again' never_restarted

expired=$("$here/../kube/cluster" expired "$second")
check 'expired: a run ends with 77 and says so' within 60 is_refused "$expired"
check 'expired: egress stays' keeps_egress
check 'expired: the kubelet mounts a valid token, and a run ends well' within 240 is_mended
exit "$failed"
