#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/smoke tells apart what can be wrong, by its exit code and in one line for each.
set -euo pipefail
# shellcheck source=tests/support/expect.sh
. "$(dirname "$0")/../support/expect.sh"
[ -e /run/lab/.world ] || exec "$lab" world "$0" "$@"
export DO_EGRESS_IP=$1
PATH=$PATH:$top/tests/lab
lab up
lab pool 198.51.100.1-3
lab droplet one
lab sim POST /assign/198.51.100.1 '{"droplet": 758604901}'
cd /run

# shellcheck disable=SC2086,SC2317 # the shell may be two words; called by name
smoke() { # [ARGUMENT…]: as in CI: no droplet, no Kubernetes unless asked for
    nsenter --net=/run/netns/internet env -i PATH="$PATH" DO_EGRESS_IP="$DO_EGRESS_IP" \
        DIGITALOCEAN_API_URL=https://192.0.2.2 SSL_CERT_FILE=/run/lab/ca.pem \
        DO_EGRESS_IP_TOKEN_FILE="${token:-/run/lab/token}" $shell "$top/scripts/smoke" "$@"
}
pool='--floating-ips=198.51.100.1,198.51.100.2,198.51.100.3'
cluster=(--kubernetes on --kube-api-url "https://192.0.2.3:6443" --kube-ca-file /run/lab/ca.pem)

shells=(sh)
[ -z "$(command -v busybox)" ] || shells+=('busybox sh')
for shell in "${shells[@]}"; do
    token=
    expect 0 'token    ok
scopes   ok: reserved_ip:read, droplet:read; reserved_ip:update shows only when used
pool     2 free, 1 held, 0 locked, 0 unknown, 0 missing
cluster  not asked' smoke "$pool"
    expect 0 'cluster  ok' smoke "$pool" "${cluster[@]}" --kube-token-file /run/lab/kube-token
    expect 0 '2 free' smoke --free 2 "$pool"
    expect 10 'smoke: error: 2 addresses of the pool are free, 3 are asked for' \
        smoke --free 3 "$pool"
    expect 78 'smoke: error: 1 of' smoke "$pool,198.51.100.99"
done

# What fails is named, and nothing is said of what was not reached.
echo wrong >token
token=/run/token
expect 77 'token    FAILED
scopes   not known
pool     not known' smoke "$pool"
lab sim PUT /tokens/blind '{"scopes": ["reserved_ip:read", "reserved_ip:update"]}'
echo blind >token
lab sim POST /unassign/198.51.100.1
expect 77 'token    ok
scopes   FAILED
pool     not known' smoke "$pool"
[[ $output == *droplet:read* ]] || complain "no scope is named: $output"
lab sim PUT /tokens/blind '{"scopes": ["droplet:read"]}'
expect 77 'scopes   FAILED' smoke "$pool"
[[ $output == *reserved_ip:read* ]] || complain "no scope is named: $output"
token=
echo wrong >kube-token
expect 77 'pool     3 free, 0 held, 0 locked, 0 unknown, 0 missing
cluster  FAILED' smoke "$pool" "${cluster[@]}" --kube-token-file kube-token
lab sim POST /faults '{"server": "digitalocean", "kind": "status", "status": 503, "count": -1}' >/dev/null
expect 69 'token    not known' smoke "$pool" --timeout 5s
lab sim DELETE /faults

expect 64 '' smoke
expect 64 'is not a number' smoke --free many "$pool"
DO_EGRESS_IP=/nonexistent
expect 64 'smoke: hint: install' smoke "$pool"
exit "$failed"
