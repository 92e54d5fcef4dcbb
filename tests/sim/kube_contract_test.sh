#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The contract suite of tests/kube on the simulated Kubernetes, over TLS on its own port.
# Usage: kube_contract_test.sh DO-SIM KUBE-CONTRACT [OPTION-OF-THE-SUITE]...
set -eu
sim=$1 suite=$2
shift 2
for program in openssl curl; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is not installed"
        exit 77
    }
done
run=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$run"' EXIT
trap 'exit 130' INT TERM HUP

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sim \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$run/key.pem" -out "$run/certificate.pem" \
    2>"$run/openssl.log" || {
    cat "$run/openssl.log"
    exit 1
}
mkfifo "$run/ready"
"$sim" --parent-death --certificate "$run/certificate.pem" --key "$run/key.pem" \
    --listen kubernetes=https://127.0.0.1:0 --listen control=http://127.0.0.1:0 >"$run/ready" &
server=$!
read -r ready <"$run/ready"
url_of() { # ROLE
    echo "$ready" | sed "s|.*\"$1\":\[\"\([^\"]*\)\"\].*|\1|"
}

control() { # PATH BODY
    curl --silent --show-error --fail-with-body --request PUT --data "$2" \
        "$(url_of control)$1" >"$run/answer" || {
        cat "$run/answer"
        exit 1
    }
}
control /nodes/node-a '{"providerID": "digitalocean://1"}'
control /kube-tokens/admin '{"admin": true}'
control /kube-tokens/node-a '{"node": "node-a"}'
control /kube-tokens/expired '{"node": "node-a", "expired": true}'

KUBE_URL=$(url_of kubernetes) KUBE_CA_FILE=$run/certificate.pem KUBE_ADMIN_TOKEN=admin \
    KUBE_TOKEN=node-a KUBE_NODE=node-a KUBE_NAMESPACE=do-egress-ip KUBE_EXPIRED_TOKEN=expired \
    "$suite" "$@"
