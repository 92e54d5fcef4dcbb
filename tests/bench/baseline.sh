#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people write instead: the same job with bash, curl, jq and ip, as the tutorials do it. It has
# no Lease, no proof, no way back and no patience, and repairs only what it looks at.
# Usage: baseline.sh MATCH ADDRESS,ADDRESS,…, with the environment of do-egress-ip; with KUBECTL=1
# the Node is read by kubectl.
set -euo pipefail

match=$1 pool=$2
[[ $NODE_NAME == *"$match"* ]] || exit 0
api=$DIGITALOCEAN_API_URL/v2
node=/api/v1/nodes/$NODE_NAME

get() { curl --silent --show-error --fail "$@"; }

digitalocean() { # CURL-ARGUMENT…
    get --cacert "$SSL_CERT_FILE" --header 'Content-Type: application/json' \
        --header "Authorization: Bearer $(<"$DO_EGRESS_IP_TOKEN_FILE")" "$@"
}

kubernetes() { # CURL-ARGUMENT…
    get --cacert "$DO_EGRESS_IP_KUBE_CA_FILE" \
        --header "Authorization: Bearer $(<"$DO_EGRESS_IP_KUBE_TOKEN_FILE")" \
        "$@" "$DO_EGRESS_IP_KUBE_API_URL$node"
}

read_node() {
    if [ -z "${KUBECTL:-}" ]; then
        kubernetes
        return
    fi
    kubectl --server "$DO_EGRESS_IP_KUBE_API_URL" \
        --certificate-authority "$DO_EGRESS_IP_KUBE_CA_FILE" \
        --token "$(<"$DO_EGRESS_IP_KUBE_TOKEN_FILE")" get --raw "$node"
}

claim() {
    address=$(digitalocean "$api/reserved_ips?per_page=200" |
        jq --raw-output --arg pool "$pool" --arg region "$region" '
            ($pool / ",") as $ours |
            first(.reserved_ips[] | select(.droplet == null and (.locked | not)
                and .region.slug == $region and (.ip | IN($ours[])))).ip')
    [ -n "$address" ]
    local action status
    action=$(digitalocean --data "{\"type\": \"assign\", \"droplet_id\": $id}" \
        "$api/reserved_ips/$address/actions" | jq .action.id)
    while
        status=$(digitalocean "$api/reserved_ips/$address/actions/$action" |
            jq --raw-output .action.status)
        [ "$status" = in-progress ]
    do
        sleep 1
    done
    [ "$status" = completed ]
}

facts=$(get http://169.254.169.254/metadata/v1.json | jq --raw-output '
    .interfaces.public[0] as $nic |
    [.droplet_id, .region, $nic.ipv4.gateway, $nic.anchor_ipv4.gateway,
     .reserved_ip.ipv4.ip_address // ""] | join(" ")')
read -r id region public_gateway anchor_gateway address <<<"$facts"

[ -n "$address" ] || claim
[[ ",$pool," == *",$address,"* ]]

if [[ $(ip -4 route show default) != "default via $anchor_gateway "* ]]; then
    ip route replace 169.254.169.254 via "$public_gateway"
    ip route replace default via "$anchor_gateway"
fi

labels=$(read_node | jq --raw-output '.metadata.labels |
    "\(.["do-outbound-floating-ip-enabled"]) \(.["do-outbound-floating-ip"])"')
if [ "$labels" != "true $address" ]; then
    kubernetes --request PATCH --header 'Content-Type: application/merge-patch+json' --data "
        {\"metadata\": {\"labels\": {\"do-outbound-floating-ip-enabled\": \"true\",
                                 \"do-outbound-floating-ip\": \"$address\"}}}" >/dev/null
fi
