#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/acceptance, for a first real droplet, does all that it promises on a simulated one.
set -uo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"
export DO_EGRESS_IP=$1
PATH=$PATH:$top/tests/lab
lab up
lab pool 198.51.100.1-2
lab droplet node-one 1 anchor-nic

# A cluster whose only pod network is the one of node-one.
mkdir /run/bin
cat >/run/bin/kubectl <<'END'
#!/bin/sh
case $* in
"get node node-one -o jsonpath"*) echo 203.0.113.10 ;;
run*)
    for word; do
        case $word in --overrides=*) pod=${word#*=} ;; esac
    done
    [ "$(echo "$pod" | jq -r .spec.nodeName)" = node-one ] || exit 1
    eval "exec nsenter --net=/run/netns/node-one-pod env -i PATH=/usr/sbin:/usr/bin:/bin $(echo "$pod" | jq -r '.spec.containers[0] |
        (.env[] | "\(.name)=\(.value)" | @sh), (.command | map(if . == "/host" then "/" else . end) | @sh)' | paste -sd ' ')"
    ;;
esac
END
chmod +x /run/bin/kubectl

# shellcheck disable=SC2317 # called by name
acceptance() {
    nsenter --net=/run/netns/node-one env -i PATH="${KUBECTL:+$KUBECTL:}$PATH" DO_EGRESS_IP="$DO_EGRESS_IP" NODE_NAME=node-one \
        DIGITALOCEAN_API_URL=https://192.0.2.2 SSL_CERT_FILE=/run/lab/ca.pem \
        DO_EGRESS_IP_TOKEN_FILE=/run/lab/token DO_EGRESS_IP_KUBERNETES=off \
        "$top/scripts/acceptance" --file /run/report --url http://192.0.2.1/ "$@"
}

expect 75 'throw-away machine' acceptance 198.51.100.1 </dev/null
expect 64 'Usage' acceptance
lab snapshot node-one >/run/before

KUBECTL=/run/bin expect 0 'written: /run/report' acceptance --yes 198.51.100.1
same 'what is left' "$(lab snapshot node-one)" "$(cat /run/before)"
same 'holder' "$(lab sim GET /world | grep -o '"198.51.100.1":{[^}]*}' | grep -c '"droplet":null')" 1
report=$(cat /run/report)
for line in 'lag of metadata after an assignment' '422: the droplet already has this address' \
    'egress by the anchor without an address +none' 'NIC of the anchor address' \
    'verify from the host +[0-9]+ s +ok' 'verify from a pod +[0-9]+ s +ok' 'source IP of a pod +RESERVED-IP' 'network as before +ok: 0 lines differ' '== routes$' '== marks$' 'requests$' ' local PUBLIC-IP '; do
    grep -qE "$line" <<<"$report" || complain "the report lacks: $line"
done
for secret in "$(cat /run/lab/token)" 198.51.100.1 203.0.113.10 node-one; do
    ! grep -qF "$secret" <<<"$report" || complain "the report contains: $secret"
done

# A pod that the network plugin masquerades to another address.
lab exec node-one ip rule add pref 100 from 10.244.0.0/16 lookup 17310
KUBECTL=/run/bin expect 1 'verify from a pod' acceptance --yes 198.51.100.1
grep -qE 'verify from a pod +[0-9]+ s +FAILED: exit code 13, wanted 0' <<<"$output" || complain "wrong pods: $output"
lab exec node-one ip rule del pref 100

# A step that fails shows, in the file and in the exit code.
expect 1 'FAILED: exit code 78, wanted 0' acceptance --yes 198.51.100.9
exit "$failed"
